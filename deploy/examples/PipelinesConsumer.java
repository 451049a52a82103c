// A consumer of a destination topic in Avro, with nothing but Kafka's and Avro's own libraries:
//
//   java -cp 'kafka-clients.jar:avro.jar:jackson-*.jar:slf4j-api.jar:...' PipelinesConsumer.java \
//     localhost:9092 http://localhost:8081 cio.pipelines.main my-group [records]
//
// Prints a line for each message: type, messageId, userId and the payload, which is the message as JSON. It reads committed
// records only: others belong to transactions that were given up. With a last argument it ends after so many records.
//
// Columns of a message: payload, type, messageId, userId, anonymousId, previousId,
// groupId, event, name, destination, source, timestamp, receivedAt.
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class PipelinesConsumer {
  private static final Map<Integer, Schema> SCHEMAS = new HashMap<>();

  public static void main(String[] args) throws Exception {
    String brokers = args[0], registry = args[1], topic = args[2], group = args[3];
    long records = args.length > 4 ? Long.parseLong(args[4]) : Long.MAX_VALUE;
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    settings.put("group.id", group);
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "earliest");
    settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
      consumer.subscribe(List.of(topic));
      for (long read = 0; read < records; ) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          GenericRecord message = decode(registry, record.value());
          System.out.println(
              message.get("type") + "\t" + message.get("messageId") + "\t" + message.get("userId") + "\t" + message.get("payload"));
          read++;
        }
        consumer.commitSync();
      }
    }
  }

  // Magic byte 0, four bytes of schema id, Avro.
  static GenericRecord decode(String registry, byte[] value) throws Exception {
    ByteBuffer bytes = ByteBuffer.wrap(value);
    if (bytes.get() != 0) throw new IllegalArgumentException("the value is not Avro");
    Schema schema = schema(registry, bytes.getInt());
    var decoder = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null);
    return new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
  }

  static Schema schema(String registry, int id) throws Exception {
    Schema known = SCHEMAS.get(id);
    if (known != null) return known;
    HttpRequest request = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new IllegalStateException("schema " + id + ": status " + answer.statusCode());
    String text = new ObjectMapper().readTree(answer.body()).get("schema").asText();
    Schema schema = new Schema.Parser().parse(text);
    SCHEMAS.put(id, schema);
    return schema;
  }
}
