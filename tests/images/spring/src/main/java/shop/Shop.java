package shop;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.text.NumberFormat;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class Shop {
  record Order(String name, int pieces) {}

  @Value("${shop.greeting}")
  private String greeting;

  @GetMapping("/greeting")
  String greeting() {
    return greeting;
  }

  @GetMapping("/orders")
  List<Order> orders() {
    return List.of(new Order("pears", 7), new Order("apples", 5));
  }

  @PostMapping("/orders")
  Map<String, Object> order(@RequestBody Order order) {
    return Map.of("accepted", order.name(), "pieces", order.pieces());
  }

  @GetMapping("/when/{area}/{city}")
  String when(@PathVariable String area, @PathVariable String city) {
    ZonedDateTime moment = Instant.parse("2024-07-01T12:00:00Z").atZone(ZoneId.of(area + "/" + city));
    return moment.format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm zzz", Locale.ENGLISH));
  }

  @GetMapping("/price/{language}")
  String price(@PathVariable String language) {
    return NumberFormat.getCurrencyInstance(Locale.forLanguageTag(language)).format(1234.5);
  }

  @PostMapping("/titles")
  String titles(@RequestBody byte[] body) throws Exception {
    var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(body));
    return document.getElementsByTagName("title").item(0).getTextContent();
  }

  @PostMapping("/recode/{charset}")
  String recode(@PathVariable String charset, @RequestBody byte[] body) {
    return new String(body, Charset.forName(charset));
  }

  @GetMapping("/digest")
  String digest() throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA3-256").digest("pears".getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 4);
  }

  @GetMapping("/pack")
  String pack() throws Exception {
    var packed = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(packed)) {
      out.write("pears".getBytes(StandardCharsets.UTF_8));
    }
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray()))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @GetMapping("/who")
  String who() throws Exception {
    return System.getProperty("user.name") + " at " + InetAddress.getByName("localhost").getHostAddress();
  }

  /** The default trust store knows the certificate's authority; the answer is what a server of our own said. */
  @GetMapping("/secure")
  String secure() throws Exception {
    return Secure.askOurselves();
  }
}
