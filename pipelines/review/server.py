"""The page's server. Whoever has its key may vote: on this machine, or wherever it listens.

``GET /``              the page            ``GET /api/batch``      a batch for a voter
``GET /small/SHA256``  a small picture     ``GET /api/again``      one that was handed in
``GET /large/SHA256``  the original        ``POST /api/votes``     hands one in
``GET /pairs``         the page of pairs   ``GET /api/pair``       a pair that nobody has judged
                                           ``POST /api/judge``     judges one
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final, TypeVar

from aiohttp import web

from synsift.crawler.outside_json import loads
from synsift.pipelines.errors import LogError, StoreError, SynsiftError
from synsift.pipelines.pages.page import asset
from synsift.pipelines.records import Task
from synsift.pipelines.review.desk import Desk, voter_of
from synsift.pipelines.review.doubts import Pair, PairDesk
from synsift.pipelines.review.pictures import Pictures
from synsift.pipelines.verification.ballots import Place

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

KEY: Final = "key"
_COOKIE: Final = "synsift_review"
_MAX_BODY_BYTES: Final = 1 << 20
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_KEPT_A_DAY: Final = {**_HEADERS, "Cache-Control": "private, max-age=86400, immutable"}
_PICTURE_THREADS: Final = 2


class ReviewServer:
    """Answers a browser. Lives in one event loop."""

    def __init__(
        self, desk: Desk, pictures: Pictures, *, key: str, make_pairs: Callable[[], PairDesk] | None = None
    ) -> None:
        """Make one.

        Args:
            desk: Gives batches.
            pictures: Shows images.
            key: Whoever has it may vote.
            make_pairs: Finds pairs, when the first is asked for; None for no page of pairs.
        """
        self._desk = desk
        self._make_pairs = make_pairs
        self._pairs: PairDesk | None = None
        self._pictures = pictures
        self._key = key
        # The desk is used by one thread at a time; pictures by several, beside it.
        self._at_desk = ThreadPoolExecutor(1, "review-log")
        self._at_pairs = ThreadPoolExecutor(1, "review-pairs")
        self._at_pictures = ThreadPoolExecutor(_PICTURE_THREADS, "review-pictures")
        self._ahead: set[asyncio.Future[Any]] = set()

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[self._guard])
        app.router.add_get("/", self.page)
        app.router.add_get("/pairs", self.page)
        app.router.add_get("/{name:look.css|review.css|review.js|asking.js|pairs.js}", self.asset)
        app.router.add_get("/favicon.ico", self.favicon)
        app.router.add_get("/small/{sha256:[0-9a-f]{64}}", self.small)
        app.router.add_get("/large/{sha256:[0-9a-f]{64}}", self.large)
        app.router.add_get("/api/batch", self.batch)
        app.router.add_get("/api/again", self.again)
        app.router.add_post("/api/votes", self.votes)
        app.router.add_get("/api/pair", self.pair)
        app.router.add_post("/api/judge", self.judge)
        app.on_startup.append(self._open)
        app.on_cleanup.append(self._close)
        return app

    async def _open(self, _app: web.Application) -> None:
        """Make the first pictures before anybody has told their name."""
        self._make_ahead(await _in(self._at_desk, self._desk.first_images))

    async def _close(self, _app: web.Application) -> None:
        self._at_pictures.shutdown(wait=True, cancel_futures=True)
        self._at_desk.shutdown(wait=True)
        self._at_pairs.shutdown(wait=True)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:  # noqa: ANN401
        """Let in who has the key, and tell a browser what went wrong in words."""
        given = request.query.get(KEY) or request.cookies.get(_COOKIE, "")
        # What is no UTF-8 in a cookie is surrogates here.
        if not hmac.compare_digest(given.encode(errors="surrogatepass"), self._key.encode()):
            text = "This address lacks its key: open the one that `synsift review` has printed, whole.\n"
            return web.Response(status=403, text=text, headers=_HEADERS)
        try:
            return await handler(request)
        except web.HTTPException as exc:
            return _problem(exc.status, exc.reason)
        except (LogError, StoreError) as exc:
            _log.warning("%s", exc)
            return _problem(503, str(exc), getattr(exc, "hint", ""))
        except SynsiftError as exc:
            return _problem(400, str(exc), getattr(exc, "hint", ""))

    async def page(self, request: web.Request) -> web.Response:
        """The page; the key goes from its address into a cookie, which no other site's pages can send."""
        if KEY in request.query:
            answer = web.Response(status=303, headers={**_HEADERS, "Location": request.path})
            answer.set_cookie(_COOKIE, self._key, httponly=True, samesite="Strict", max_age=30 * 86_400)
            return answer
        name = "pairs.html" if request.path == "/pairs" else "review.html"
        return web.Response(text=asset(name, "synsift.pipelines.review"), content_type="text/html", headers=_HEADERS)

    async def asset(self, request: web.Request) -> web.Response:
        """Its style and its script."""
        name = request.match_info["name"]
        text = asset(name) if name == "look.css" else asset(name, "synsift.pipelines.review")
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return web.Response(text=text, content_type=kind, headers=_HEADERS)

    async def favicon(self, _request: web.Request) -> web.Response:
        """There is none, and no browser need complain."""
        return web.Response(status=204, headers=_HEADERS)

    async def small(self, request: web.Request) -> web.Response:
        """A small picture of an image that is in a batch."""
        sha256 = self._known(request)
        data = self._pictures.kept(sha256) or await _in(self._at_pictures, lambda: self._pictures.small(sha256))
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/webp", headers=_KEPT_A_DAY)

    async def large(self, request: web.Request) -> web.Response:
        """The original of an image that is in a batch; whatever it is, nothing in it runs."""
        sha256 = self._known(request)
        found = await _in(self._at_pictures, lambda: self._pictures.original(sha256))
        if found is None:
            raise web.HTTPNotFound
        headers = {**_KEPT_A_DAY, "Content-Security-Policy": "default-src 'none'; sandbox"}
        return web.Response(body=found[0], content_type=found[1], headers=headers)

    def _known(self, request: web.Request) -> str:
        sha256 = request.match_info["sha256"]
        in_pair = self._pairs is not None and self._pairs.knows(sha256)
        if not in_pair and not self._desk.knows(sha256):
            raise web.HTTPNotFound
        return sha256

    async def batch(self, request: web.Request) -> web.Response:
        """A batch for a voter, or none."""
        voter, passed = request.query.get("voter", ""), request.query.getall("passed", [])

        def find() -> dict[str, Any]:
            self._desk.refresh()
            offer = self._desk.offer(voter, passing_over=passed)
            if offer is None:
                return {"batch": None, "left": 0}
            return {
                "batch": self._described(offer.task, offer.images),
                "left": offer.left,
                "ahead": list(offer.ahead),
            }

        found = await _in(self._at_desk, find)
        self._make_ahead([*(found["batch"] or {"images": []})["images"], *found.get("ahead", ())])
        return _json(found)

    async def again(self, request: web.Request) -> web.Response:
        """A batch that was handed in, to be looked at once more."""
        name = request.query.get("task", "")

        def find() -> dict[str, Any] | None:
            task = self._desk.again(name)
            return None if task is None else self._described(task, task.images)

        found = await _in(self._at_desk, find)
        if found is None:
            raise web.HTTPNotFound
        return _json({"batch": found})

    async def votes(self, request: web.Request) -> web.Response:
        """Take a batch; when this is answered, its votes are in the log."""
        try:
            said = await _said(request)
            voter, task, changes = said["voter"], said["task"], said.get("changes", False) is True
            answers = {str(sha256): str(answer) for sha256, answer in said["answers"].items()}
            took_s = float(said.get("took_s", 0))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return _problem(400, "that is no batch")
        if not isinstance(task, str):
            return _problem(400, "that is no batch")
        taken = await _in(self._at_desk, lambda: self._desk.take(voter, task, answers, took_s=took_s, changes=changes))
        return _json({"taken": taken.written, "kept": taken.kept})

    async def pair(self, request: web.Request) -> web.Response:
        """A pair that nobody has judged, or none."""
        voter, passed = request.query.get("voter", ""), request.query.getall("passed", [])
        voter_of(voter)
        if self._make_pairs is None:
            raise web.HTTPNotFound
        make = self._make_pairs

        def find() -> list[Pair]:
            if self._pairs is None:
                self._pairs = make()
            return sorted(self._pairs.left(), key=lambda pair: _name(pair) in passed)

        left = await _in(self._at_pairs, find)
        self._make_ahead([place.sha256 for pair in left[:3] for place in (pair.first, pair.second)])
        shown = await _in(self._at_desk, lambda: self._shown(left[0])) if left else None
        return _json({"pair": shown, "left": len(left)})

    def _shown(self, pair: Pair) -> dict[str, Any]:
        return {
            "id": _name(pair),
            "kind": pair.kind,
            "answers": pair.answers,
            "score": round(pair.score, 2),
            "reasons": pair.reasons,
            "pictures": [
                {"sha256": place.sha256, "synset": asdict(self._desk.named(place.wnid))}
                for place in (pair.first, pair.second)
            ],
        }

    async def judge(self, request: web.Request) -> web.Response:
        """Take what somebody says of a pair; when this is answered, it is kept."""
        try:
            said = await _said(request)
            voter, answer = said["voter"], str(said["answer"])
            first, second = (Place(str(one["wnid"]), str(one["sha256"])) for one in said["pictures"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return _problem(400, "that is no judgement of a pair")
        if self._pairs is None:
            return _problem(400, "this pair is not known", "load the page again")
        pairs = self._pairs
        await _in(self._at_pairs, lambda: pairs.take(voter, first, second, answer))
        return _json({"taken": 1})

    def _described(self, task: Task, images: Sequence[str]) -> dict[str, Any]:
        return {
            "id": task.id,
            "synset": asdict(self._desk.named(task.wnid)),
            "rivals": [asdict(self._desk.named(wnid)) for wnid in task.rivals],
            "link": task.link if task.link.startswith(("https://", "http://")) else "",
            "images": list(images),
        }

    def _make_ahead(self, images: Sequence[str]) -> None:
        """Make small pictures before they are asked for."""
        for sha256 in images:
            future = asyncio.get_running_loop().run_in_executor(self._at_pictures, _quietly, self._pictures, sha256)
            self._ahead.add(future)
            future.add_done_callback(self._ahead.discard)


def _name(pair: Pair) -> str:
    """Names a pair for a browser: shortly, as an address holds those of a hundred that are passed over."""
    return hashlib.sha256(" ".join((*pair.first, *pair.second)).encode()).hexdigest()[:32]


async def _said(request: web.Request) -> Any:  # noqa: ANN401 - from a browser
    """JSON that a page of ours sent: no form of another site can send any."""
    if request.content_type != "application/json" or "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType
    try:
        return loads(await request.read())
    except (OSError, web.RequestPayloadError) as exc:
        raise web.HTTPBadRequest(reason="it broke off") from exc


def _quietly(pictures: Pictures, sha256: str) -> None:
    try:
        pictures.small(sha256)
    except SynsiftError as exc:
        _log.debug("%s: %s", sha256, exc)  # whoever asks for it is told


async def _in(executor: Executor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, work)


def _json(value: Mapping[str, Any]) -> web.Response:
    return web.json_response(value, headers=_HEADERS)


def _problem(status: int, text: str, hint: str = "") -> web.Response:
    return web.json_response({"error": text, "hint": hint}, status=status, headers=_HEADERS)
