"""The page of what an entity uses: at which versions, and what of it is pinned."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone

from assets.models import AssetReference, Entity
from propagation.admin.links import get_entity_url
from propagation.admin.proposing import REFUSALS, propose
from propagation.services.pin_references import Terms
from versions.models import DEFINITION

PER_PAGE = 50
LARGEST_NUMBER = 2**31 - 1
LONGEST_ID = 18  # digits; what is longer is no id of the database


class PinForm(forms.Form):
    """Which reference, at which version, why and until when."""

    reference = forms.ModelChoiceField(AssetReference.objects.none(), widget=forms.HiddenInput)
    version = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        help_text="Of the source; without one, the version that it uses now.",
    )
    reason = forms.CharField(label="Why", max_length=2000)
    expires_at = forms.DateTimeField(
        label="Until",
        required=False,
        help_text="Year-month-day hour:minute, in UTC; without it, until somebody lets it go.",
    )

    def __init__(self, data: Any = None, *, target: Entity, **options: Any) -> None:  # noqa: ANN401
        super().__init__(data, **options)
        self.fields["reference"].queryset = AssetReference.objects.filter(target=target)  # type: ignore[attr-defined]

    def clean_expires_at(self) -> Any:  # noqa: ANN401 (a time or None)
        """Refuse a time that is over."""
        value = self.cleaned_data["expires_at"]
        if value is not None and value <= timezone.now():
            msg = "This time is over."
            raise forms.ValidationError(msg)
        return value


def show_uses(
    model_admin: "ModelAdmin[Entity]", request: HttpRequest, entity: Entity
) -> HttpResponse:
    """Show it; pinning and unpinning lead to what that would do."""
    references = _list_references(entity)
    form, refused = None, ""
    if request.method == "POST":
        form = PinForm(request.POST, target=entity)
        try:
            answer = _propose(request, entity, form)
            if answer is not None:
                return answer
        except REFUSALS as error:
            refused = str(error)
    elif request.GET.get("pin", "").isdecimal():
        form = PinForm(target=entity, initial={"reference": request.GET["pin"]})
    page = Paginator(references, PER_PAGE).get_page(request.GET.get("page"))
    chosen = references.filter(pk=_read_id(form["reference"].value())).first() if form else None
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": entity,
        "title": f"What {entity.code} uses",
        "page": page,
        "rows": [(one, get_entity_url(one.source.kind, one.source_id)) for one in page],
        "form": form if chosen else None,
        "chosen": chosen,
        "refused": refused,
    }
    is_wrong = bool(refused or (form and form.errors))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return TemplateResponse(request, "admin/propagation/uses.html", context, status=status)


def _list_references(entity: Entity) -> QuerySet[AssetReference]:
    """Return what the entity uses, each with its pin, what was consumed, and its source's best."""
    references = AssetReference.objects.filter(target=entity, source__heads__slot=DEFINITION)
    return (
        references.annotate(best_number=F("source__heads__best__number"))
        .select_related("source", "consumption__version", "pin__owner")
        .order_by("role", "position", "pk")
    )


def _propose(request: HttpRequest, entity: Entity, form: PinForm) -> HttpResponse | None:
    """Lead to what pinning, or letting go, would do; None when the form has to be mended."""
    if "unpin" in request.POST:
        references = AssetReference.objects.filter(target=entity)
        reference = get_object_or_404(references, pk=_read_id(request.POST["unpin"]))
        return propose(request, "unpin", {"reference": reference.pk})
    if not form.is_valid():
        return None
    terms = Terms(
        number=form.cleaned_data["version"],
        reason=form.cleaned_data["reason"],
        expires_at=form.cleaned_data["expires_at"],
    )
    return propose(
        request, "pin", {"reference": form.cleaned_data["reference"].pk, **terms.write()}
    )


def _read_id(text: object) -> int:
    """Return an id; 0, which nothing has, for what cannot be one."""
    written = str(text)
    return int(written) if written.isdecimal() and len(written) <= LONGEST_ID else 0
