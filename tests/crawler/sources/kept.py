"""Answers of sources as their documentation shows them; made for these tests, with invented names and numbers."""

import json
from typing import Any

from synsift.testing import Recorded


def kept(content: Any, text: str = "kettle", cursor: str = "", page: int = 0, status: int = 200) -> Recorded:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Recorded(text, body, cursor=cursor, page=page, status=status, headers={"content-type": "application/json"})


SPECIES = "Exempla grata"
_OPENVERSE = {
    "title": "Red kettle",
    "foreign_landing_url": "https://photos.example/p/77",
    "url": "https://img.example/77_b.jpg",
    "creator": "A. Maker",
    "license": "by-sa",
    "license_version": "2.0",
    "license_url": "https://creativecommons.org/licenses/by-sa/2.0/",
    "height": 768,
    "width": 1024,
}
_FLICKR = {
    "id": "50000000001",
    "owner": "12345678@N00",
    "title": "Tin kettle",
    "license": "11",
    "ownername": "Somebody",
    "dateupload": "1750300000",
    "url_l": "https://live.example/50000000001_b.jpg",
    "height_l": 768,
}
_PHOTO = {
    "id": 7700,
    "license_code": "cc-by",
    "url": "https://inaturalist-open-data.s3.amazonaws.com/photos/7700/square.jpg",
    "attribution": "(c) walker, some rights reserved (CC BY)",
}
_OBSERVATION = {
    "id": 900001,
    "uri": "https://www.inaturalist.org/observations/900001",
    "license_code": "cc-by-nc",
    "taxon": {"name": SPECIES},
    "user": {"login": "walker"},
    "photos": [_PHOTO, {**_PHOTO, "id": 7701}],
}
_OCCURRENCE = {
    "key": 4000000001,
    "license": "http://creativecommons.org/licenses/by-nc/4.0/legalcode",
    "scientificName": f"{SPECIES} L.",
    "media": [
        {"type": "Sound", "identifier": "https://img.example/7.mp3"},
        {
            "type": "StillImage",
            "identifier": "https://inaturalist-open-data.s3.amazonaws.com/photos/7700/original.jpg",
            "references": "https://obs.example/photos/7",
            "creator": "R. Walker",
            "license": "http://creativecommons.org/licenses/by/4.0/",
        },
    ],
}
_ITEM = {
    "guid": "https://www.europeana.eu/item/000/abc",
    "title": ["Blue kettle"],
    "dcCreator": ["Potter X"],
    "edmIsShownBy": ["https://museum.example/full/kettle.jpg"],
    "edmIsShownAt": ["https://museum.example/obj/1"],
    "rights": ["http://creativecommons.org/publicdomain/mark/1.0/"],
    "dataProvider": ["Museum Example"],
}
_FILE = {
    "title": "File:Grey kettle.jpg",
    "imageinfo": [
        {
            "url": "https://upload.example/Grey_kettle.jpg",
            "thumburl": "https://upload.example/thumb/1280px-Grey_kettle.jpg",
            "descriptionurl": "https://commons.example/wiki/File:Grey_kettle.jpg",
            "width": 4000,
            "height": 2667,
            "mime": "image/jpeg",
            "sha1": "0" * 40,
            "extmetadata": {
                "Artist": {"value": '<a href="#">P. Person</a>'},
                "LicenseShortName": {"value": "CC BY-SA 4.0"},
                "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
            },
        }
    ],
}
_ICON = {"title": "File:Icon.png", "imageinfo": [{"url": "https://u.example/i.png", "width": 40, "height": 40}]}
_DOCS = [{"identifier": "ex-img-1", "title": "Old kettle", "creator": "Studio Z"}, {"identifier": "ex-img-2"}]
_ARCHIVED = {
    "metadata": {"title": "Old kettle", "licenseurl": "https://creativecommons.org/publicdomain/mark/1.0/"},
    "files": [
        {"name": "front page.jpg", "source": "original", "format": "JPEG", "sha1": "1" * 40},
        {"name": "front_thumb.jpg", "source": "derivative", "format": "JPEG Thumb"},
        {"name": "meta.xml", "source": "original", "format": "Metadata"},
    ],
}
_WORK = {
    "objectID": 1,
    "isPublicDomain": True,
    "primaryImage": "https://images.example/o/1.jpg",
    "additionalImages": ["https://images.example/o/1b.jpg"],
    "title": "Kettle",
    "artistDisplayName": "",
    "objectURL": "https://www.metmuseum.org/art/collection/search/1",
}
_ROW = {
    "title": "Brass kettle",
    "content": {
        "descriptiveNonRepeating": {
            "record_link": "http://n2t.example/x_1",
            "online_media": {
                "media": [
                    {"type": "Images", "content": "https://ids.example/a", "usage": {"access": "Not determined"}},
                    {"type": "Images", "content": "https://ids.example/b", "usage": {"access": "CC0"}},
                ]
            },
        },
        "freetext": {"name": [{"label": "Maker", "content": "Firm Y"}]},
    },
}
_RESULT = {
    "id": "http://www.loc.gov/item/1/",
    "url": "https://www.loc.gov/item/1/",
    "title": "Street kettle",
    "contributor": ["unknown"],
    "image_url": [
        "//tile.example/x/1_75px.jpg#h=60&w=75",
        "//tile.example/x/1r.jpg#h=800&w=1024",
        "//tile.example/x/1m.jpg#h=400&w=512",
    ],
    "original_format": ["photo, print, drawing"],
}
_LISTED = {
    "href": "https://images-assets.example/AB 1/collection.json",
    "data": [{"nasa_id": "AB 1", "title": "Kettle in orbit", "photographer": "P. Q."}],
}
_FILES = [{"href": f"http://images-assets.example/AB 1/AB 1~{size}.jpg"} for size in ("orig", "large", "thumb")]
_HIT = {
    "title": "A kettle",
    "url": "https://shop.example/k",
    "properties": {"url": "https://shop.example/k.jpg", "width": None},
}
_FOUND = '["2", [["ex-img-1", "Old kettle", "Studio Z", ""], ["ex-img-2", "", "", ""]]]'

_CONCEPT = "P8814=02124460-n"


def _entity(*statements: tuple[str, str]) -> dict[str, Any]:
    claims = [{"rank": rank, "mainsnak": {"snaktype": "value", "datavalue": {"value": f}}} for f, rank in statements]
    return {"type": "item", "claims": {"P18": claims, "P31": [{"rank": "normal"}]}}


_ENTITIES = {
    "Q700": _entity(("Old one.jpg", "deprecated"), ("Grey kettle.jpg", "normal"), ("Best.jpg", "preferred")),
    "Q701": _entity(("Grey kettle.jpg", "normal")),
    "Q702": {"id": "Q702", "missing": ""},
    "Q703": {"claims": {"P18": [{"rank": "normal", "mainsnak": {"snaktype": "somevalue"}}]}},
}
_FOUND_ITEMS = {"search": [{"ns": 0, "title": "Q700"}, {"title": "Lexeme:L1"}]}
_BELOW = {"search": [{"title": f"Q{number}"} for number in (700, 701, 702)]}


ANSWERS: dict[str, list[Recorded]] = {
    "commons": [kept({"query": {"pages": [{**_FILE, "index": 1}]}, "continue": {"gsroffset": 50, "continue": "-||"}})],
    "openverse": [
        kept({"page_count": 12, "results": [_OPENVERSE, {"title": "x"}]}),
        kept({"page_count": 12, "results": [_OPENVERSE]}, cursor="12", page=11),
        kept({"page_count": 0, "results": []}),
        kept({"detail": "Authentication failed."}, status=401),
    ],
    "flickr": [
        kept({"photos": {"page": 1, "pages": 8, "photo": [_FLICKR, {"id": "2", "owner": "o"}]}, "stat": "ok"}),
        kept({"photos": {"page": 16, "pages": 40, "photo": [_FLICKR]}, "stat": "ok"}, cursor="16", page=15),
        kept({"photos": {"page": 1, "pages": 0, "photo": []}, "stat": "ok"}),
        kept({"stat": "fail", "code": 100, "message": "Invalid API Key"}),
        kept({"stat": "fail", "code": 105, "message": "Service currently unavailable"}),
    ],
    "inaturalist": [
        kept({"total_results": 1, "results": [_OBSERVATION, {**_OBSERVATION, "photos": []}]}, SPECIES),
        kept({"total_results": 0, "results": []}, SPECIES),
        kept({"error": "taxon unknown", "status": 422}, SPECIES, status=422),
    ],
    "gbif": [
        kept({"usageKey": 77, "matchType": "EXACT", "confidence": 99}, SPECIES),
        kept({"usageKey": 7, "matchType": "HIGHERRANK"}, SPECIES),
        kept({"matchType": "NONE"}, SPECIES),
        kept({"endOfRecords": False, "results": [_OCCURRENCE, {"key": 1, "media": []}]}, SPECIES, "77:0", 1),
        kept({"endOfRecords": True, "results": []}, SPECIES, "77:300", 2),
    ],
    "europeana": [
        kept({"success": True, "nextCursor": "AoE=", "items": [_ITEM, {"guid": "x"}]}),
        kept({"success": True, "items": []}, cursor="AoE=", page=1),
        kept({"success": False, "error": "Invalid API key"}, status=401),
    ],
    "wikipedia": [
        kept({"query": {"pages": [_FILE, _ICON]}, "continue": {"gimcontinue": "1|B.jpg", "continue": "||"}}, "Kettle"),
        kept({"batchcomplete": True}, "No such article"),
        kept({"error": {"code": "ratelimited", "info": "later"}}),
    ],
    "wikidata": [
        kept({"batchcomplete": True, "query": _FOUND_ITEMS}, _CONCEPT),
        kept({"batchcomplete": True, "query": {"search": []}}, _CONCEPT),
        kept({"entities": _ENTITIES}, _CONCEPT, '[["Q700"], 0, ["Q700", "Q701"], [], {}]', 1),
        kept(
            {"batchcomplete": True, "query": {"pages": [_FILE, {"title": "File:Best.jpg", "missing": True}]}},
            _CONCEPT,
            '[["Q700"], 0, [], ["Best.jpg", "Grey kettle.jpg"], {}]',
            2,
        ),
        kept(
            {"query": {"pages": [_FILE, {"title": "File:B.jpg"}]}, "continue": {"iistart": "2", "continue": "||"}},
            _CONCEPT,
            '[[], 0, [], ["Grey kettle.jpg", "B.jpg"], {}]',
            3,
        ),
        kept(
            {"query": _BELOW, "continue": {"sroffset": 50, "continue": "-||"}},
            _CONCEPT,
            '[["Q700"], 0, [], [], {}]',
            4,
        ),
        kept({"batchcomplete": True, "query": _BELOW}, _CONCEPT, '[["Q700"], 50, [], [], {}]', 5),
        kept({"error": {"code": "maxlag", "info": "Waiting for a server: 6 s", "lag": 6.2}}, _CONCEPT),
    ],
    "archive": [
        kept({"response": {"numFound": 70, "docs": _DOCS}}),
        kept(_ARCHIVED, cursor=_FOUND, page=1),
        kept({}, cursor='["", [["gone", "", "", ""]]]', page=2),
        kept({"response": {"numFound": 0, "docs": []}}),
        kept({"error": "bad query"}),
    ],
    "met": [
        kept({"total": 150, "objectIDs": list(range(1, 151))}),
        kept({"total": 0, "objectIDs": None}),
        kept(_WORK, cursor='["100", [["1"], ["2"]]]', page=1),
        kept({**_WORK, "isPublicDomain": False, "primaryImage": ""}, cursor='["", [["2"]]]', page=2),
        kept({"message": "no such object"}, cursor='["", [["2"]]]', page=2, status=404),
    ],
    "smithsonian": [
        kept(
            {"response": {"rows": [_ROW, {"title": "x", "content": {"descriptiveNonRepeating": {}}}], "rowCount": 300}}
        ),
        kept({"response": {"rows": [], "rowCount": 300}}, cursor="300", page=3),
        kept({"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied."}}, status=403),
    ],
    "loc": [
        kept({"results": [_RESULT, {"original_format": ["collection"]}], "pagination": {"next": "https://x"}}),
        kept({"results": [], "pagination": {"next": None}}, cursor="2", page=1),
    ],
    "nasa": [
        kept({"collection": {"items": [_LISTED], "links": [{"rel": "next", "href": "http://x"}]}}),
        kept({"collection": {"items": _FILES}}, cursor='["2", [["AB 1", "Kettle in orbit", "P. Q."]]]', page=1),
        kept({"collection": {"items": []}}),
        kept({"reason": "Expected 'q' text search parameter"}, status=400),
    ],
    "brave": [
        kept({"type": "images", "results": [_HIT, {"title": "y"}]}),
        kept({"type": "images", "results": []}),
        kept({"error": {"code": "SUBSCRIPTION_TOKEN_INVALID", "detail": "The token is invalid."}}, status=422),
    ],
}
