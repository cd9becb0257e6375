"""Every variable of the process (prefix FYNLO_)."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from chassis.process.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    """The base settings, where the peers are, as host:port, and where pictures lie."""

    service_name: str = "catalog"
    auth_address: str
    orders_address: str

    images_dir: Path | None = None
    """A folder that the gateway serves. It and its secret, or a bucket."""
    images_secret: SecretStr = Field(default=SecretStr(""))
    """Signs the addresses of uploads into the folder; the gateway has the same."""
    images_address: str = ""
    """What addresses of pictures in the bucket begin with, where that is not endpoint and bucket: a CDN."""
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr = Field(default=SecretStr(""))
    s3_secret_key: SecretStr = Field(default=SecretStr(""))

    @model_validator(mode="after")
    def _pictures_have_a_place(self) -> Self:
        bucket = (self.s3_endpoint, self.s3_access_key, self.s3_secret_key)
        if self.s3_bucket and not all(bucket):
            raise ValueError("a bucket needs FYNLO_S3_ENDPOINT, FYNLO_S3_ACCESS_KEY and FYNLO_S3_SECRET_KEY")
        if not self.s3_bucket and not (self.images_dir and self.images_secret):
            raise ValueError(
                "pictures need FYNLO_S3_BUCKET, or FYNLO_IMAGES_DIR and FYNLO_IMAGES_SECRET, which the"
                " gateway has too"
            )
        return self
