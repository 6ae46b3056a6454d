"""What a review's text says: how well it speaks of the shop, what it speaks of, and what it complains about."""

from sycee_ingestion.reading.reader import READER_VERSION, Reader, Reading
from sycee_ingestion.reading.topics import TOPICS, Topic

__all__ = ["READER_VERSION", "TOPICS", "Reader", "Reading", "Topic"]
