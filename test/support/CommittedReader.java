// Prints all committed records of topics, read by Kafka's own Java client with read_committed, from the beginning to the
// end as of now, topic by topic. Arguments: bootstrap servers, longest wait in milliseconds for open transactions to end, topics.
// Prints a line a record, parts separated by tabs:
//   r <topic number> <partition> <offset> <timestamp> <key> <tb-src> <tb-mid> <value>
// key and value (of the first topics only, as many as the property "values" says) in base64, "-" where there is none; at
// last "end <records>".
// Exit code 3: a transaction stayed open, so records behind it cannot be read; the lines on stderr say where.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class CommittedReader {
    static final Base64.Encoder BASE64 = Base64.getEncoder();
    static final int VALUES = Integer.getInteger("values", 1);

    public static void main(String[] args) throws Exception {
        long deadline = System.currentTimeMillis() + Long.parseLong(args[1]);
        List<String> topics = Arrays.asList(args).subList(2, args.length);
        try (KafkaConsumer<byte[], byte[]> committed = consumer(args[0], "read_committed");
                KafkaConsumer<byte[], byte[]> all = consumer(args[0], "read_uncommitted")) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : topics)
                for (PartitionInfo info : committed.partitionsFor(topic, Duration.ofSeconds(30)))
                    partitions.add(new TopicPartition(topic, info.partition()));
            Map<TopicPartition, Long> ends = ends(committed, all, partitions, deadline);
            if (ends == null) System.exit(3);
            PrintWriter out = new PrintWriter(new BufferedWriter(
                    new OutputStreamWriter(new FileOutputStream(FileDescriptor.out), StandardCharsets.UTF_8), 1 << 16));
            long count = 0;
            for (String topic : topics) {
                List<TopicPartition> own = new ArrayList<>(partitions);
                own.removeIf(one -> !one.topic().equals(topic));
                count += print(committed, topics.indexOf(topic), own, ends, out);
            }
            out.println("end\t" + count);
            out.flush();
        }
    }

    static Map<TopicPartition, Long> ends(KafkaConsumer<byte[], byte[]> committed, KafkaConsumer<byte[], byte[]> all,
            List<TopicPartition> partitions, long deadline) throws Exception {
        while (true) {
            Map<TopicPartition, Long> last = all.endOffsets(partitions, Duration.ofSeconds(30));
            Map<TopicPartition, Long> stable = committed.endOffsets(partitions, Duration.ofSeconds(30));
            List<TopicPartition> open = new ArrayList<>();
            for (TopicPartition one : partitions)
                if (stable.get(one) < last.get(one)) open.add(one);
            if (open.isEmpty()) return stable;
            if (System.currentTimeMillis() > deadline) {
                for (TopicPartition one : open)
                    System.err.println(one + " is stable up to " + stable.get(one) + " of " + last.get(one));
                return null;
            }
            Thread.sleep(100);
        }
    }

    static long print(KafkaConsumer<byte[], byte[]> consumer, int topic, List<TopicPartition> partitions,
            Map<TopicPartition, Long> ends, PrintWriter out) {
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        long count = 0;
        while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one)))
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                if (record.offset() >= ends.get(new TopicPartition(record.topic(), record.partition()))) continue;
                out.println("r\t" + topic + "\t" + record.partition() + "\t" + record.offset() + "\t" + record.timestamp()
                        + "\t" + text(record.key()) + "\t" + header(record, "tb-src") + "\t" + header(record, "tb-mid")
                        + "\t" + (topic < VALUES ? text(record.value()) : "-"));
                count++;
            }
        return count;
    }

    static String text(byte[] bytes) {
        return bytes == null ? "-" : BASE64.encodeToString(bytes);
    }

    static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "-" : new String(header.value(), StandardCharsets.UTF_8);
    }

    static KafkaConsumer<byte[], byte[]> consumer(String brokers, String isolation) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", brokers);
        settings.put("isolation.level", isolation);
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "earliest");
        settings.put("max.poll.records", "5000");
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
