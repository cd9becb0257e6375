"""The demo people that `make run` seeds. Their password is public: only development machines have them."""

from typing import Final

PASSWORD: Final = "lunch-at-noon-2026"
PLATFORM_OWNER: Final = "platform@demo.fynlo.test"
OWNER: Final = "owner@demo.fynlo.test"
MANAGER: Final = "manager@demo.fynlo.test"
TILL: Final = "till@demo.fynlo.test"
SECOND_OWNER: Final = "owner@second.fynlo.test"
