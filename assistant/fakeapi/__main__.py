"""python -m assistant.fakeapi --port 8089: a fake Bot API that lives until it is stopped, with /control/ beside it."""
from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import Sequence

from assistant.fakeapi.api import TOKEN, FakeBotApi
from assistant.fakeapi.control import Control
from assistant.fakeapi.server import Listener


async def serve(port: int, control_port: int, token: str) -> None:
    """Runs until cancelled. One line of JSON on standard output says where everything is."""
    async with FakeBotApi(token, port) as api:
        api.control = Control(api).handle
        control = Listener(api.control, control_port)
        await control.open()
        print(json.dumps({"base_url": api.base_url, "base_file_url": api.base_file_url, "token": token,
                          "control": f"http://127.0.0.1:{control.port}/control"}), flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            await control.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m assistant.fakeapi", description=__doc__)
    parser.add_argument("--port", type=int, default=8089, help="the bot's side; 0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0,
                        help="a second way to /control/, open also while the network is down; free by default")
    parser.add_argument("--token", default=TOKEN, help="the only token that is accepted")
    chosen = parser.parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(chosen.port, chosen.control_port, chosen.token))


if __name__ == "__main__":
    main()
