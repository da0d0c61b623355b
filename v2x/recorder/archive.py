"""An occasion as one signed file: event.json, track.gpx, trace.mcap, a manifest of hashes and its signature.

A zip. ``MANIFEST.json`` holds the SHA-256 of every other member; ``MANIFEST.sig`` is the Ed25519 signature over the
bytes of the manifest; ``public_key.pem`` is the key it verifies with. Whether that key is the operator's is told by
its fingerprint, which has to come by another way.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from mobility.core.errors import BadInputError
from mobility.core.ports import FrozenOccasion, TelemetryRecord
from v2x.extension import Extension
from v2x.extension_codec import extension_of
from v2x.recorder.frozen import canonical, records_of
from v2x.recorder.gpx import gpx_of
from v2x.recorder.items import Item
from v2x.recorder.trace import trace_of

MANIFEST, SIGNATURE, KEY = "MANIFEST.json", "MANIFEST.sig", "public_key.pem"
FORMAT = "mobility-event-archive-1"
_MEMBERS = ("event.json", "track.gpx", "trace.mcap")
MOST_BYTES = 64 * 1024 * 1024
"""A member of an archive that unpacks to more is none of ours."""
_TIME = (1980, 1, 1, 0, 0, 0)
"""Zip's zero: the same occasion gives the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A verified archive."""

    occasion_id: str
    revision: int
    fingerprint: str
    """SHA-256 of the signing key, in hex."""
    members: Mapping[str, int]
    """Bytes of each member."""


def archive_of(frozen: FrozenOccasion, key: Ed25519PrivateKey) -> bytes:
    """Return the archive of a frozen occasion; raises ``BadInputError`` where its bytes can not be read."""
    content = _content(frozen.body)
    points = [(record, _extension(record)) for record in records_of(content, with_lead=False)]
    members = {
        "event.json": frozen.body,
        "track.gpx": gpx_of(frozen.occasion_id, points),
        "trace.mcap": trace_of(points, _commands(content)),
    }
    public = key.public_key()
    manifest = canonical(
        {
            "format": FORMAT,
            "occasion_id": frozen.occasion_id,
            "revision": frozen.revision,
            "key_sha256": fingerprint(public),
            "members": {name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
        }
    )
    signed = {MANIFEST: manifest, SIGNATURE: key.sign(manifest), KEY: _pem(public)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**members, **signed}.items():
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return file.getvalue()


def verify_archive(data: bytes, *, expected_fingerprint: str = "") -> Verified:
    """Check members, manifest and signature, and the key where a fingerprint is given.

    Raises ``BadInputError`` saying what does not hold.
    """
    members = _unpacked(data)
    try:
        key = load_pem_public_key(members[KEY])
        manifest = json.loads(members[MANIFEST])
        if not isinstance(key, Ed25519PublicKey) or not isinstance(manifest, dict):
            raise _wrong("key or manifest are of another kind")
        key.verify(members[SIGNATURE], members[MANIFEST])
        told = {name: manifest["members"][name] for name in _MEMBERS}
        occasion_id, revision = str(manifest["occasion_id"]), int(manifest["revision"])
    except InvalidSignature as error:
        raise _wrong("the signature does not fit the manifest") from error
    except (KeyError, TypeError, ValueError, RecursionError, UnsupportedAlgorithm) as error:
        raise _wrong(f"a part is missing or unreadable: {error}") from error
    for name in _MEMBERS:
        if hashlib.sha256(members[name]).hexdigest() != told[name]:
            raise _wrong(f"{name} was changed")
    found = fingerprint(key)
    if expected_fingerprint and found != expected_fingerprint.lower().replace(":", ""):
        raise _wrong(f"it was signed with another key, {found}")
    sizes = {name: len(members[name]) for name in _MEMBERS}
    return Verified(occasion_id=occasion_id, revision=revision, fingerprint=found, members=sizes)


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of the key's 32 raw bytes, in hex."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def _unpacked(data: bytes) -> dict[str, bytes]:
    wanted = {*_MEMBERS, MANIFEST, SIGNATURE, KEY}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if sorted(info.filename for info in infos) != sorted(wanted):
                raise _wrong("it does not hold exactly the members of an event archive")
            if max(info.file_size for info in infos) > MOST_BYTES:
                raise _wrong("a member is too large")
            return {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
        raise _wrong(f"it can not be unpacked: {error}") from error


def _wrong(what: str) -> BadInputError:
    return BadInputError(what, source="archive")


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _content(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInputError("this is no frozen occasion", source="occasion") from error
    if not isinstance(content, dict):
        raise BadInputError("this is no frozen occasion", source="occasion")
    return content


def _commands(content: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        items = {item["number"]: item["entries"] for item in content["items"]}
        at_ms = content["occasion"]["at_ms"]
        return [(int(entry.get("at_ms", at_ms)), entry) for entry in items[int(Item.COMMANDS)]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInputError(f"this is no frozen occasion: {error}", source="occasion") from error


def _extension(record: TelemetryRecord) -> Extension | None:
    try:
        return extension_of(record.payload)
    except BadInputError:
        return None
