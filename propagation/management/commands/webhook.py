"""manage.py webhook: try out a webhook on this machine."""

import json
from argparse import ArgumentParser
from typing import Any

from propagation.management.exits import Exit, refuse
from propagation.management.listening import Listener
from propagation.management.operation import OperatorCommand, add_json
from propagation.management.screen import Screen
from propagation.webhooks.signing import read_secret

LAST_PORT = 65_535


class Command(OperatorCommand):
    help = "Receive webhooks, and print those that are signed with the secret."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listening = verbs.add_parser("listen", help="print what arrives, until Ctrl-C")
        listening.add_argument("--port", type=int, default=8765, help="0: any that is free")
        listening.add_argument("--secret", required=True, help="whsec_…, of the webhook")
        add_json(listening)

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        secret, port = options["secret"], options["port"]
        try:
            read_secret(secret)
        except ValueError as error:
            raise refuse(str(error)) from error

        def show(message_id: str, body: str) -> None:
            _show(screen, message_id, json.loads(body))
            self.stdout.flush()  # whoever reads a pipe waits for it

        try:
            if not 0 <= port <= LAST_PORT:
                raise refuse(f"A port is at most {LAST_PORT}.")
            listener = Listener(
                port=port,
                secret=secret,
                show=show,
                complain=lambda reason: screen.warn(f"refused: {reason}"),
            )
        except OSError as error:
            msg = f"Port {port} cannot be listened on: {error.strerror}."
            raise refuse(msg, Exit.UNAVAILABLE) from error
        with listener:
            screen.warn(f"listening on {listener.url}, until Ctrl-C")
            listener.serve_forever()
        return Exit.OK


def _show(screen: Screen, message_id: str, message: Any) -> None:
    """Write one message: two lines for people, one for scripts."""
    if screen.is_json:
        screen.show_line({"id": message_id, "message": message})
        return
    screen.say(f"{message['timestamp']}  {message['type']}  {message_id}")
    screen.say(f"  {json.dumps(message['data'], ensure_ascii=False)}")
