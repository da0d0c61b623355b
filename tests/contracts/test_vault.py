"""What every vault keeps to: the real one with its thread, the real one inline, and the one in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mobility.core.ids import RiderRef
from mobility.core.ports import Person, Vault
from mobility.storage.vault import SqlVault
from tests.fakes.references import CountingReferences
from tests.fakes.vault import MemoryVault

Body = Callable[[Vault], Awaitable[None]]
ERNA = Person(name="Erna Müller", phone="+49 3677 12345", note="Rollator")


@pytest.fixture(params=["memory", "inline", "threaded"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Body], None]:
    """Run an async test body on each kind of vault."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Vault]:
        if request.param == "memory":
            yield MemoryVault()
            return
        inline = request.param == "inline"
        async with SqlVault.open(tmp_path / "vault.db", references=CountingReferences(), inline=inline) as vault:
            yield vault

    async def main(body: Body) -> None:
        async with opened() as vault:
            await body(vault)

    return lambda body: asyncio.run(main(body))


def test_a_person_is_found_under_the_reference(run):
    async def body(vault: Vault) -> None:
        rider = await vault.put(ERNA)
        assert await vault.get(rider) == ERNA

    run(body)


def test_every_person_gets_a_reference_of_their_own(run):
    async def body(vault: Vault) -> None:
        assert await vault.put(ERNA) != await vault.put(ERNA)

    run(body)


def test_the_reference_says_nothing_about_the_person(run):
    async def body(vault: Vault) -> None:
        assert "Erna" not in await vault.put(ERNA)

    run(body)


def test_an_erased_person_is_gone_and_others_stay(run):
    async def body(vault: Vault) -> None:
        erna, otto = await vault.put(ERNA), await vault.put(Person(name="Otto"))
        assert await vault.erase(erna)
        assert await vault.get(erna) is None
        assert await vault.get(otto) == Person(name="Otto")

    run(body)


def test_erasing_twice_or_a_stranger_says_so(run):
    async def body(vault: Vault) -> None:
        rider = await vault.put(ERNA)
        assert await vault.erase(rider)
        assert not await vault.erase(rider)
        assert not await vault.erase(RiderRef("nobody"))

    run(body)
