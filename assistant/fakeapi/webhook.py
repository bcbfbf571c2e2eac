"""One HTTP POST over plain sockets, to this machine only: a fake must not reach out."""
from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

PATIENCE = 30.0  # seconds


def is_loopback(host: str) -> bool:
    """Whether the name means this machine."""
    return host in ("localhost", "::1") or host.startswith("127.")


async def post_json(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer. Raises OSError when nobody listens or the address is not on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not is_loopback(host) or parts.scheme != "http":
        raise OSError(f"the fake delivers to http on loopback only, not to {parts.scheme}://{host}")
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(host, parts.port or 80)
        try:
            lines = [f"POST {parts.path or '/'} HTTP/1.1", f"Host: {host}:{parts.port or 80}",
                     "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close",
                     *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            status = (await reader.readline()).split()
            if len(status) < 2:
                raise EOFError("the webhook closed the connection without an answer")
            await reader.read()
            return int(status[1])
        finally:
            writer.close()
