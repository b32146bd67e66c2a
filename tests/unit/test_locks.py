"""Advisory locks: two of the same number would keep each other's holders waiting."""

from store import locks


def test_no_two_locks_are_the_same() -> None:
    numbers = [number for name, number in vars(locks).items() if name.isupper()]
    assert len(numbers) >= 4
    assert len(set(numbers)) == len(numbers)
