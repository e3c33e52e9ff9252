package shop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.logging.Logger;

/** A small shop: GET /NAME/ARGUMENT or POST /NAME/ARGUMENT calls the function of that name. */
public final class Server {
  private static final Logger LOG = Logger.getLogger("shop");

  private Server() {}

  public static void main(String[] arguments) throws Exception {
    var settings = new Properties();
    try (var defaults = Server.class.getResourceAsStream("defaults.properties")) {
      settings.load(defaults);
    }
    try (var own = Files.newBufferedReader(Path.of(System.getProperty("shop.settings")))) {
      settings.load(own);
    }
    var server = HttpServer.create(new InetSocketAddress("0.0.0.0", Integer.parseInt(settings.getProperty("port"))), 0);
    server.createContext("/", exchange -> answer(exchange, settings));
    server.setExecutor(Executors.newFixedThreadPool(2));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      System.out.println("stopped");
      server.stop(0);
    }));
    server.start();
    LOG.info("ready");
  }

  private static void answer(HttpExchange exchange, Properties settings) {
    String[] parts = exchange.getRequestURI().getPath().substring(1).split("/", 2);
    int status = 200;
    byte[] answer;
    try {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String text = parts[0].isEmpty() ? settings.getProperty("greeting")
                                       : Functions.call(parts[0], parts.length > 1 ? parts[1] : "", body);
      answer = text.getBytes(StandardCharsets.UTF_8);
    } catch (Throwable failure) {
      LOG.log(java.util.logging.Level.WARNING, "failed", failure);
      status = failure instanceof NoSuchMethodException ? 404 : 500;
      answer = failure.toString().getBytes(StandardCharsets.UTF_8);
    }
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      exchange.sendResponseHeaders(status, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (java.io.IOException gone) {
      LOG.warning("the client is gone");
    }
  }
}
