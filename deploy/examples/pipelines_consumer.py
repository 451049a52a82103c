"""A consumer of a destination topic in Avro. Needs: pip install confluent-kafka fastavro

    python3 pipelines_consumer.py localhost:9092 http://localhost:8081 cio.pipelines.main my-group [records]

Prints a line for each message: type, messageId, userId and the payload, which is the message as JSON. It reads committed
records only: others belong to transactions that were given up. With a last argument it ends after so many records.

Columns of a message: payload, type, messageId, userId, anonymousId, previousId,
groupId, event, name, destination, source, timestamp, receivedAt.
"""
import io
import json
import sys
import urllib.request

from confluent_kafka import Consumer
from fastavro import parse_schema, schemaless_reader

schemas = {}


def schema_of(registry, schema_id):
    if schema_id not in schemas:
        with urllib.request.urlopen(f"{registry}/schemas/ids/{schema_id}", timeout=10) as answer:
            schemas[schema_id] = parse_schema(json.loads(json.load(answer)["schema"]))
    return schemas[schema_id]


def decode(registry, value):
    """Magic byte 0, four bytes of schema id, Avro."""
    if value[0] != 0:
        raise ValueError("the value is not Avro")
    return schemaless_reader(io.BytesIO(value[5:]), schema_of(registry, int.from_bytes(value[1:5], "big")))


def main(brokers, registry, topic, group, records=None):
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    read = 0
    while records is None or read < int(records):
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise SystemExit(record.error())
        message = decode(registry, record.value())
        print(message["type"], message["messageId"], message["userId"], message["payload"], sep="\t", flush=True)
        consumer.commit(record, asynchronous=False)
        read += 1
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
