"""What of a wallet of the model and of a stored account must be the same."""

from datetime import datetime

from loyalty.ledger.reversals import Reversal
from tests.loyalty.ledger.product import Stored
from tests.loyalty.ledger.wallets import Wallet


def summary(wallet: Wallet) -> tuple[int, int, int, int, int]:
    return wallet.total, wallet.pending, wallet.held, wallet.balance, wallet.debt


def lots_of(wallet: Wallet) -> list[tuple[int, int, datetime, str]]:
    return sorted(
        (lot.remaining, lot.held, lot.available_at, str(lot.expires_at)) for lot in wallet.open_lots()
    )


def assert_same(wallet: Wallet, account: Stored) -> None:
    assert (account.total, account.pending, account.held) == (wallet.total, wallet.pending, wallet.held)
    assert account.lots == lots_of(wallet)
    assert account.debts == wallet.debts
    assert account.shortfalls == [shortfall.open for shortfall in wallet.shortfalls]
    assert account.lifetime == {name: wallet.lifetime[name] for name in account.lifetime}


def figures(reversal: Reversal) -> tuple[int, ...]:
    return (
        reversal.entry.points,
        reversal.already_expired,
        reversal.debt,
        reversal.shortfall,
        reversal.left,
        reversal.balance_before,
        reversal.balance_after,
    )
