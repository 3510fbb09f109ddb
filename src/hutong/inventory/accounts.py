"""Accounts (账户): who pays. Opened here; their balances and bills are billing's."""

from collections.abc import Sequence

from sqlalchemy import Connection

from hutong.inventory import events
from hutong.inventory.once import Done, once
from hutong.inventory.requests import AccountOpened, OpenAccount, Refusal, Result
from hutong.inventory.tables import account
from hutong.platform import clock, history

BILL_DAYS = range(1, 29)


def open_accounts(requests: Sequence[OpenAccount], *, by: str | None = None) -> list[AccountOpened]:
    """Open accounts. `by` names the actor in the history. Refusal: `inventory-account-terms`."""

    def work(conn: Connection, new: list[OpenAccount]) -> Done:
        sound = [item for item in new if _sound(item)]
        now = clock.now()
        ids = history.insert(
            conn,
            account,
            [
                {
                    "customer_id": item.customer_id,
                    "name": item.name,
                    "payment_mode": item.payment_mode,
                    "credit_limit_micros": item.credit_limit_micros,
                    "bill_day": item.bill_day,
                    "effective_at": item.opened_at or now,
                }
                for item in sound
            ],
            changed_by=by,
        )
        done: dict[str, Result | Refusal] = {item.request_key: Refusal("inventory-account-terms") for item in new}
        done |= {item.request_key: {"account_id": key} for item, key in zip(sound, ids, strict=True)}
        events.tell(
            conn,
            "account_opened",
            (
                (f"account:{key}", {"account_id": key, "customer_id": item.customer_id})
                for item, key in zip(sound, ids, strict=True)
            ),
        )
        return done

    return once("open_accounts", requests, AccountOpened, work)


def _sound(item: OpenAccount) -> bool:
    """Terms the table would refuse are refused before, one by one."""
    limit_sound = item.credit_limit_micros is None or item.credit_limit_micros >= 0
    return item.bill_day in BILL_DAYS and item.payment_mode in {"prepaid", "postpaid"} and limit_sound
