"""What the caches in Redis hold: data, and never code that whoever writes to Redis could have us run."""

from typing import Any

from django_redis.serializers.json import JSONSerializer

BYTES = b"\0"  # begins no JSON


class DataSerializer(JSONSerializer):  # type: ignore[misc]  # the library has no types
    """JSON, and bytes as they are: as text in JSON, an answer of 300 KB takes longer to read than to send."""

    def dumps(self, value: Any) -> bytes:
        """Return ``value`` for Redis."""
        return BYTES + value if isinstance(value, bytes) else super().dumps(value)

    def loads(self, value: bytes) -> Any:
        """Return what Redis has."""
        return value[1:] if value.startswith(BYTES) else super().loads(value)
