package shop;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.Charset;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.NumberFormat;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** What the shop can do, found by name. */
final class Functions {
  private Functions() {}

  static String call(String name, String argument, byte[] body) throws Exception {
    var method = Functions.class.getDeclaredMethod(name, String.class, byte[].class);
    try {
      return (String) method.invoke(null, argument, body);
    } catch (java.lang.reflect.InvocationTargetException failure) {
      throw failure.getCause() instanceof Exception cause ? cause : failure;
    }
  }

  static String when(String zone, byte[] body) {
    return Instant.parse("2024-07-01T12:00:00Z").atZone(ZoneId.of(zone))
        .format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm zzz", Locale.ENGLISH));
  }

  static String local(String none, byte[] body) {
    return Instant.parse("2024-07-01T12:00:00Z").atZone(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("HH:mm"));
  }

  static String day(String language, byte[] body) {
    return Instant.parse("2024-07-01T12:00:00Z").atZone(ZoneId.of("UTC"))
        .format(DateTimeFormatter.ofPattern("EEEE d MMMM", Locale.forLanguageTag(language)));
  }

  static String price(String language, byte[] body) {
    return NumberFormat.getCurrencyInstance(Locale.forLanguageTag(language)).format(1234.5);
  }

  static String recode(String charset, byte[] body) {
    return new String(body, Charset.forName(charset));
  }

  static String secure(String none, byte[] body) throws Exception {
    return Secure.askOurselves();
  }

  static String export(String form, byte[] body) throws Exception {
    for (Export export : ServiceLoader.load(Export.class)) {
      if (export.form().equals(form)) return export.write("pears", 7);
    }
    throw new NoSuchMethodException(form);
  }

  static String titles(String none, byte[] body) throws Exception {
    var xpath = javax.xml.xpath.XPathFactory.newInstance().newXPath();
    return xpath.evaluate("/feed/entry[2]/title", new org.xml.sax.InputSource(new ByteArrayInputStream(body)));
  }

  static String pack(String none, byte[] body) throws Exception {
    var packed = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(packed)) {
      out.write(body);
    }
    return new String(new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray())).readAllBytes());
  }

  static String digest(String algorithm, byte[] body) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(body), 0, 4);
  }

  static String cipher(String none, byte[] body) throws Exception {
    var generator = javax.crypto.KeyGenerator.getInstance("AES");
    generator.init(256, new SecureRandom());
    var key = generator.generateKey();
    var cipher = javax.crypto.Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(javax.crypto.Cipher.ENCRYPT_MODE, key);
    byte[] secret = cipher.doFinal(body);
    var parameters = cipher.getParameters();
    cipher.init(javax.crypto.Cipher.DECRYPT_MODE, key, parameters);
    return new String(cipher.doFinal(secret));
  }

  static String picture(String none, byte[] body) throws Exception {
    var image = new java.awt.image.BufferedImage(16, 8, java.awt.image.BufferedImage.TYPE_INT_RGB);
    var pen = image.createGraphics();
    pen.fillRect(0, 0, 8, 8);
    pen.dispose();
    var out = new ByteArrayOutputStream();
    javax.imageio.ImageIO.write(image, "png", out);
    var again = javax.imageio.ImageIO.read(new ByteArrayInputStream(out.toByteArray()));
    return again.getWidth() + "x" + again.getHeight() + " " + Integer.toHexString(again.getRGB(1, 1));
  }

  static String run(String none, byte[] body) throws Exception {
    var process = new ProcessBuilder("/bin/sh", "-c", "echo $((6 * 7)) | sed s/4/four/").start();
    return new String(process.getInputStream().readAllBytes()).trim();
  }

  static String who(String none, byte[] body) throws Exception {
    return System.getProperty("user.name") + " at " + InetAddress.getByName("localhost").getHostAddress();
  }

  static String machine(String none, byte[] body) {
    return java.lang.management.ManagementFactory.getRuntimeMXBean().getVmName();
  }

  static String ask(String none, byte[] body) throws Exception {
    var client = java.net.http.HttpClient.newHttpClient();
    var request = java.net.http.HttpRequest.newBuilder(java.net.URI.create("http://localhost:8080/")).build();
    return client.send(request, java.net.http.HttpResponse.BodyHandlers.ofString()).body();
  }
}
