// Apache Avro's own Java library as a second opinion on our bytes. Each line of standard input is one job of three words,
// separated by tabs: "read" writer's schema, reader's schema, base64 of a value (printed in Avro's JSON), or "write" schema
// and a value in Avro's JSON (printed in base64). Used by avro-java.test.ts.
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.Encoder;
import org.apache.avro.io.EncoderFactory;

public class AvroClient {
  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split("\t");
      String answer = words[0].equals("read") ? read(words) : write(words);
      System.out.write((answer + "\n").getBytes(StandardCharsets.UTF_8));
    }
    System.out.flush();
  }

  static final Map<String, Schema> SCHEMAS = new HashMap<>();

  static Schema parse(String text) {
    return SCHEMAS.computeIfAbsent(text, unknown -> new Schema.Parser().parse(unknown));
  }

  static String read(String[] words) throws Exception {
    Schema writer = parse(words[1]);
    Schema reader = parse(words[2]);
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(Base64.getDecoder().decode(words[3]), null);
    Object value = new GenericDatumReader<Object>(writer, reader).read(null, decoder);
    if (!decoder.isEnd()) throw new IllegalStateException("bytes are left over");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Encoder encoder = EncoderFactory.get().jsonEncoder(reader, bytes);
    new GenericDatumWriter<Object>(reader).write(value, encoder);
    encoder.flush();
    return bytes.toString(StandardCharsets.UTF_8);
  }

  static String write(String[] words) throws Exception {
    Schema schema = parse(words[1]);
    Object value = new GenericDatumReader<Object>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, words[2]));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Encoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<Object>(schema).write(value, encoder);
    encoder.flush();
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }
}
