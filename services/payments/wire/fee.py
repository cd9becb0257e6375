"""Ways to pay and what they cost."""

from fynlo.payments.v1 import payments_pb2

from services.payments.domain.fee import Bearer, Fee, Method, MethodCost

METHOD = {method: payments_pb2.PaymentMethod.Value(f"PAYMENT_METHOD_{method.name}") for method in Method}
_METHOD_OF = {number: method for method, number in METHOD.items()}
_BEARER = {bearer: payments_pb2.FeeBearer.Value(f"FEE_BEARER_{bearer.name}") for bearer in Bearer}


def method_in(method: payments_pb2.PaymentMethod.ValueType) -> Method:
    """A way to pay; requests never carry the unspecified one."""
    return _METHOD_OF[method]


def fee(of: Fee) -> payments_pb2.Fee:
    """A fee in minor units."""
    return payments_pb2.Fee(
        provider_minor=of.provider_minor, platform_minor=of.platform_minor, bearer=_BEARER[of.bearer]
    )


def method_cost(of: MethodCost) -> payments_pb2.MethodCost:
    """One line of a comparison."""
    return payments_pb2.MethodCost(
        method=METHOD[of.method],
        fee=fee(of.fee),
        total_minor=of.fee.total_minor,
        saving_bp=of.saving_bp,
        offered=of.offered,
    )
