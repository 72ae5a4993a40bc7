"""HTTP/1.1 by uvicorn and llhttp, within bounds that these leave to others."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REQUEST_SECONDS = 20.0
_CONNECTION_SECONDS = 60.0
_MOST_HEAD_BYTES = 65536


class Bounded(HttpToolsProtocol):
    """A connection that ends, as does each request on it, and whose headers have an end.

    Uvicorn waits for ever for a request that trickles in, and takes as many headers as come,
    before a body, within one that is chunked, and after it.
    """

    _beside_bytes = 0
    _request: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._end = self.loop.call_later(_CONNECTION_SECONDS, transport.abort)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        self._is_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._beside_bytes += len(data)
        super().data_received(data)
        if self._beside_bytes > _MOST_HEAD_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._is_whole()
        self._beside_bytes = 0
        self._request = self.loop.call_later(_REQUEST_SECONDS, self.transport.abort)
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._beside_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_whole()
        super().on_message_complete()

    def _is_whole(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None
