// Records written and read by Kafka's own Java client, to the letter. Arguments: command, bootstrap servers, topic.
//   write    records from stdin, each list of the array in one batch to the partition of its index, with the compression
//            none, gzip, snappy, lz4, zstd by that index
//   read     prints all committed records as of now, by partition and offset
//   compact  makes a compacted topic's log begin with a batch of two records that the cleaner has emptied; prints the
//            offsets that are left. Sets the pause between the cleaner's runs for the while.
// Records are JSON: {"partition": 0, "offset": 0, "timestamp": 0, "key": null, "value": "<base64>",
// "headers": [["name", "<base64>"]]}.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public class WireClient {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String[] COMPRESSIONS = {"none", "gzip", "snappy", "lz4", "zstd"};

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "write" -> write(args[1], args[2]);
            case "read" -> System.out.println(JSON.writeValueAsString(read(args[1], args[2])));
            case "compact" -> System.out.println(JSON.writeValueAsString(compact(args[1], args[2])));
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    static void write(String brokers, String topic) throws Exception {
        JsonNode lists = JSON.readTree(System.in);
        for (int partition = 0; partition < lists.size(); partition++)
            try (KafkaProducer<byte[], byte[]> producer = producer(brokers, COMPRESSIONS[partition])) {
                for (JsonNode record : lists.get(partition)) {
                    List<Header> headers = new ArrayList<>();
                    for (JsonNode header : record.get("headers"))
                        headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
                    producer.send(new ProducerRecord<>(topic, partition, record.get("timestamp").asLong(),
                            bytes(record.get("key")), bytes(record.get("value")), headers));
                }
                producer.flush();
            }
    }

    static byte[] bytes(JsonNode base64) throws IOException {
        return base64.isNull() ? null : base64.binaryValue();
    }

    static List<Map<String, Object>> read(String brokers, String topic) {
        List<Map<String, Object>> found = new ArrayList<>();
        Map<String, Object> settings = Map.of("bootstrap.servers", brokers, "isolation.level", "read_committed",
                "enable.auto.commit", "false");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition())).toList();
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one)))
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) found.add(shape(record));
        }
        found.sort(Comparator.comparing((Map<String, Object> one) -> (int) one.get("partition"))
                .thenComparing(one -> (long) one.get("offset")));
        return found;
    }

    static Map<String, Object> shape(ConsumerRecord<byte[], byte[]> record) {
        List<Object> headers = new ArrayList<>();
        for (Header header : record.headers()) headers.add(Arrays.asList(header.key(), header.value()));
        Map<String, Object> shape = new HashMap<>();
        shape.put("partition", record.partition());
        shape.put("offset", record.offset());
        shape.put("timestamp", record.timestamp());
        shape.put("key", record.key());
        shape.put("value", record.value());
        shape.put("headers", headers);
        return shape;
    }

    static List<Object> compact(String brokers, String topic) throws Exception {
        pauseOfCleaner(brokers, new AlterConfigOp(new ConfigEntry("log.cleaner.backoff.ms", "100"), AlterConfigOp.OpType.SET));
        try {
            long time = System.currentTimeMillis();
            // The last batch of a producer is kept for its sequence numbers when its records go.
            try (KafkaProducer<byte[], byte[]> first = producer(brokers, "lz4")) {
                for (String key : List.of("a", "b")) first.send(new ProducerRecord<>(topic, 0, time, key.getBytes(), new byte[9]));
            }
            try (KafkaProducer<byte[], byte[]> second = producer(brokers, "lz4")) {
                for (String key : List.of("a", "b")) second.send(new ProducerRecord<>(topic, 0, time, key.getBytes(), new byte[9]));
                second.flush();
                // A later timestamp begins a new segment (segment.ms); only older ones are cleaned.
                second.send(new ProducerRecord<>(topic, 0, time + 1000, "c".getBytes(), new byte[9]));
            }
            while (true) {
                List<Object> offsets = new ArrayList<>();
                for (Map<String, Object> record : read(brokers, topic)) offsets.add(record.get("offset"));
                if (!offsets.contains(0L)) return offsets;
                Thread.sleep(100);
            }
        } finally {
            pauseOfCleaner(brokers, new AlterConfigOp(new ConfigEntry("log.cleaner.backoff.ms", ""), AlterConfigOp.OpType.DELETE));
        }
    }

    static void pauseOfCleaner(String brokers, AlterConfigOp change) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            ConfigResource all = new ConfigResource(ConfigResource.Type.BROKER, "");
            admin.incrementalAlterConfigs(Map.of(all, List.of(change))).all().get();
        }
    }

    // Waits long enough to have all records of one flush in one batch.
    static KafkaProducer<byte[], byte[]> producer(String brokers, String compression) {
        Map<String, Object> settings = Map.of("bootstrap.servers", brokers, "compression.type", compression, "acks", "all",
                "linger.ms", "5000", "batch.size", "900000");
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }
}
