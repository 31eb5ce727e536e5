"""Whatever people do to change, steer, pin and take back, all ends as it would if built anew."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from assets.exceptions import CycleError
from assets.models import AssetReference, Entity, Follow
from propagation.exceptions import InvalidRunStateError
from propagation.execution.cause import Cause
from propagation.models import ItemState, PropagationItem, PropagationRun, RunKind
from propagation.models.run import WORKING_STATUSES
from propagation.services.change_references import make_edge
from propagation.services.pin_references import Terms, pin_reference, unpin_reference
from propagation.services.steer_run import (
    cancel_run,
    pause_run,
    resume_run,
    retry_run,
    skip_items,
)
from propagation.services.undo_run import undo_run
from tests.builders import make_cause
from tests.propagation.services import test_set_best
from tests.properties import driven
from versions.change import find_changes
from versions.facets import Facet, classify
from versions.models import Version
from versions.services.following import read_states, with_followed

pytestmark = pytest.mark.django_db


class Steered(test_set_best.Production):
    """The same people and workers, who steer runs, pin references, and take runs back as well."""

    def settle(self) -> None:
        """Let all go on, and take up again what was left undone."""
        for run in PropagationRun.objects.filter(status="paused").order_by("pk"):
            resume_run(run_id=run.pk, actor=None, at=timezone.now())
        self.finish_runs()
        while self.retry_all():
            self.finish_runs()

    def check_looks(self) -> None:
        """Check the contents as well."""
        super().check_looks()
        self.check_contents()

    def retry_all(self) -> bool:
        """Take up again what was skipped or cancelled, as far as it is still wanted."""
        is_any = False
        for run in PropagationRun.objects.filter(
            items__state__in=["skipped", "cancelled"], superseded_by=None
        ).distinct():
            retry_run(run_id=run.pk, actor=None, at=timezone.now())
            is_any = True
        return is_any

    def check_contents(self) -> None:
        """Check by the contents themselves that each target reads what it follows."""
        moving = AssetReference.objects.exclude(follow=Follow.FROZEN)
        references = with_followed(moving.filter(project=self.project))
        held = PropagationItem.objects.filter(state=ItemState.HELD).values("entity_id")
        for one in read_states(references.exclude(target__in=held)):
            assert one.consumed_id is not None
            before, now = (
                Version.objects.get(pk=pk).content.data for pk in (one.consumed_id, one.followed_id)
            )
            touched = classify(found.field for found in find_changes(before, now))
            assert not touched & Facet(one.facets), f"{one.source_code} {one.role}"

    def find_runs(self) -> Any:  # noqa: ANN401 (a query set)
        """Return the runs that workers may go on with."""
        return PropagationRun.objects.filter(status__in=[*WORKING_STATUSES, "cancelling"])

    def pick_run(self, which: int) -> PropagationRun | None:
        """Return one of the runs."""
        runs = PropagationRun.objects.order_by("-pk")
        return runs[which % runs.count()] if runs.exists() else None

    @rule(
        which=st.integers(0, 5),
        steer=st.sampled_from([pause_run, resume_run, cancel_run, retry_run]),
    )
    def steer(self, which: int, steer: Any) -> None:  # noqa: ANN401 (one of four services)
        """Pause, resume, cancel or retry a run, if it can be."""
        run = self.pick_run(which)
        if run is not None:
            try:
                steer(run_id=run.pk, actor=None, at=timezone.now())
            except InvalidRunStateError:
                run.refresh_from_db()

    @precondition(lambda self: self.find_runs().exists())
    @rule(code=st.sampled_from(test_set_best.CODES))
    def skip(self, code: str) -> None:
        """Leave a target out of the newest run that is under way."""
        run = self.find_runs().order_by("-pk")[0]
        entity_ids = list(Entity.objects.filter(code=code).values_list("pk", flat=True))
        try:
            skip_items(run_id=run.pk, entity_ids=entity_ids, actor=None, at=timezone.now())
        except InvalidRunStateError:
            assert run.status == "cancelling"

    @rule(which=st.integers(0, 9), version=st.none() | st.integers(0, 9))
    def pin(self, which: int, version: int | None) -> None:
        """Pin a reference to a version, or to what it has consumed."""
        references = AssetReference.objects.order_by("pk")
        if not references.exists():
            return
        reference = references[which % references.count()]
        number = None if version is None else self.pick(reference.source.code, version)
        pin_reference(
            edge=make_edge(reference),
            terms=Terms(number=number, reason="wait"),
            cause=make_cause(kind=RunKind.PIN),
            at=timezone.now(),
        )
        reference.refresh_from_db()
        assert reference.follow == Follow.FROZEN
        assert number in (None, reference.consumption.version.number)

    @rule(which=st.integers(0, 9))
    def unpin(self, which: int) -> None:
        """Let a reference go."""
        references = AssetReference.objects.order_by("pk")
        if references.exists():
            unpin_reference(
                edge=make_edge(references[which % references.count()]),
                cause=make_cause(kind=RunKind.PIN),
                at=timezone.now(),
            )

    @rule(which=st.integers(0, 5), code=st.none() | st.sampled_from(test_set_best.CODES))
    def undo(self, which: int, code: str | None) -> None:
        """Take a run back, or one of its targets, if nobody changed it since."""
        run = self.pick_run(which)
        if run is None:
            return
        only = None
        if code is not None:
            only = list(run.items.filter(entity__code=code).values_list("entity_id", flat=True))
        cause = Cause(kind=RunKind.UNDO, actor=None, note="no")
        try:
            undo, outcome = undo_run(run_id=run.pk, only=only, cause=cause, at=timezone.now())
        except (InvalidRunStateError, CycleError):
            return
        assert outcome.run is not None
        assert undo.returned
        for entity_id, content in undo.revision.contents.items():
            best = Version.objects.filter(entity=entity_id).order_by("-number")[0]
            assert best.content.data == content


def test_whatever_people_do_all_ends_as_if_built_anew() -> None:
    run_state_machine_as_test(
        Steered,
        settings=driven(5),
    )
