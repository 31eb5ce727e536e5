"""Make one real change through the API, and show what it does while it does it."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from assets.graph.cache import load_graph
from assets.models import Project
from config.demo.staging import PROJECT_CODE
from config.demo.storyboards import SLOT
from propagation.live.wake import watch_run
from propagation.recovery.consistency import check_project
from versions.models import DEFINITION, Head, Version
from versions.services.compare import compare_versions

HERO, EXAMPLE = "char-001", "shot-0107"
COATS = ("red coat", "blue coat")
RUN_LIMIT_S = 120.0
REQUEST_LIMIT_S = 30.0
FINAL = {"success", "partial", "failed", "cancelled"}


class DemoError(Exception):
    """The demo's change did not go through."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where the demo performs: the API and a console."""

    client: httpx.Client
    console: Console

    def post(self, path: str, body: dict[str, Any], **parameters: str) -> dict[str, Any]:
        """Post to the API; DemoError with the problem that it answers."""
        return self._read(self.client.post(path, json=body, params=parameters))

    def get(self, path: str) -> dict[str, Any]:
        """Get from the API; DemoError with the problem that it answers."""
        return self._read(self.client.get(path))

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        body: dict[str, Any] = response.json()
        if response.is_error:
            raise DemoError(body.get("detail", response.text))
        return body


def perform(*, web_url: str, token: str, console: Console) -> None:
    """Change Mara's coat and follow the change to the last shot. DemoError when it fails."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=web_url, headers=headers, timeout=REQUEST_LIMIT_S) as client:
        stage = Stage(client=client, console=console)
        change = _choose_change(stage)
        token = _show_impact(stage, change)
        example = f"/api/v1/assets/{PROJECT_CODE}:{EXAMPLE}"
        before = stage.get(example)["best"]
        answer = stage.post(_name("propagate"), {**change, "plan_token": token})
        _follow(stage, answer["run_id"])
        _show_example(stage, before=before, after=stage.get(example)["best"])
        _show_media(stage)
        _show_undo(stage, answer["run_id"])
        _show_proof(stage)


def _name(verb: str) -> str:
    return f"/api/v1/assets/{PROJECT_CODE}:{HERO}/{verb}"


def _choose_change(stage: Stage) -> dict[str, Any]:
    """Return the change to the coat that Mara does not wear now."""
    content = stage.get(f"/api/v1/assets/{PROJECT_CODE}:{HERO}")["content"]
    attributes = content.get("attributes")
    worn = attributes.get("wardrobe") if isinstance(attributes, dict) else None
    other = COATS[0] if worn == COATS[1] else COATS[1]
    return {
        "change_data": {"visual_changes": {"attributes": {"wardrobe": other}}},
        "note": "The director wants Mara to stand out less against the lifeboats.",
    }


def _show_impact(stage: Stage, change: dict[str, Any]) -> str:
    """Show what the change will do; return the token by which that is had."""
    found = stage.post(_name("propagate"), change, dry_run="true")
    field = next(one for one in found["fields"] if one["field"].endswith("wardrobe"))
    lanes = " · ".join(f"{phase['type']} {phase['count']}" for phase in found["phases"])
    impact = found["impact"]
    stage.console.print(
        f"\n[bold]Mara[/bold] ({HERO}) {found['base_version'].rpartition('_')[2]}   "
        f"{field['field']}: {field['before']} → [bold]{field['after']}[/bold]"
    )
    stage.console.print(
        f"  Impact   {found['affected_entities']} entities: {impact['affected_shots']} shots, "
        f"{impact['affected_sequences']} sequences and acts · {lanes}"
    )
    for held in found["held"]:
        stage.console.print(f"  Held     {held['count']} wait for a person: rule {held['rule']}")
    token: str = found["plan_token"]
    return token


def _show_undo(stage: Stage, run_id: int) -> None:
    """Show what it would take to bring all of it back."""
    found = stage.post(f"/api/v1/runs/{run_id}/undo", {"reason": "as it was"}, dry_run="true")
    stage.console.print(
        f"  Undo     would return {', '.join(found['returned_entities'])} and update "
        f"{found['updates']} dependents; {found['kept']} were changed since"
    )


def _follow(stage: Stage, run_id: int) -> None:
    """Show a bar that moves whenever the run does, until it is over."""
    started = time.monotonic()
    columns = (
        TextColumn("  Running "),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stage.console) as progress:
        bar = progress.add_task("run", total=None)
        run: dict[str, Any] = {}
        for _ in watch_run(run_id=run_id, timeout_s=RUN_LIMIT_S):
            run = stage.get(f"/api/v1/runs/{run_id}")
            progress.update(bar, completed=run["processed"], total=run["total"])
            if run["status"] in FINAL:
                break
    if run["status"] != "success":
        msg = f"run {run_id} is {run['status']} after {time.monotonic() - started:.0f} s"
        raise DemoError(msg)
    counts = " · ".join(f"{value} {key}" for key, value in run["counts"].items() if value)
    stage.console.print(f"  Done     run {run_id}: {counts} in {time.monotonic() - started:.1f} s")


def _show_example(stage: Stage, *, before: str, after: str) -> None:
    graph = load_graph(project_id=Project.objects.get(code=PROJECT_CODE).pk)
    by_code = {node.code: node.id for node in graph.nodes.values()}
    path = graph.find_path(by_code[HERO], by_code[EXAMPLE]) or ()
    stage.console.print(f"\n  Example  [bold]{EXAMPLE}[/bold] {before} → {after}")
    for change in _compare_example():
        stage.console.print(f"           {change}")
    chain = " → ".join(graph.nodes[pk].code for pk in path)
    stage.console.print(f"           because {chain}")


def _compare_example() -> list[str]:
    """Return what differs between the example's best version and the one before, line by line."""
    head = Head.objects.get(
        entity__project__code=PROJECT_CODE, entity__code=EXAMPLE, slot=DEFINITION
    )
    versions = Version.objects.filter(entity=head.entity_id, slot=DEFINITION)
    *older, best = versions.filter(number__lte=head.best.number).order_by("-number")[:2][::-1]
    if not older:
        return []
    return [
        f"{use.after.source_code} {change.field}: {change.before} → {change.after}"
        for use in compare_versions(before=older[0], after=best).moved
        for change in use.fields
    ]


def _show_media(stage: Stage) -> None:
    """Say how many storyboards show a shot as it is no more."""
    shots = list(
        Head.objects.filter(entity__project__code=PROJECT_CODE, slot=SLOT)
        .order_by("entity__code")
        .values_list("entity__code", flat=True)
    )
    if not shots:
        return
    query = urlencode({"type": "scenes", "slot": SLOT, "only": "outdated", "id": shots}, doseq=True)
    outdated = stage.get(f"/api/v1/projects/{PROJECT_CODE}/best?{query}")["data"]
    stage.console.print(
        f"  Media    {len(outdated)} of {len(shots)} storyboards show their shot as it was before"
    )


def _show_proof(stage: Stage) -> None:
    check = check_project(project=Project.objects.get(code=PROJECT_CODE))
    stage.console.print(
        f"  Checked  {check.references} references, {len(check.exceptions)} out of date, "
        f"{check.excused} waiting for a person\n"
    )
    if check.exceptions:
        msg = "the production is not up to date"
        raise DemoError(msg)
