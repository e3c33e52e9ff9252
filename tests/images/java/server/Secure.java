package shop;

import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** A conversation over TLS with a server that the default trust store vouches for. */
final class Secure {
  private Secure() {}

  static String askOurselves() throws Exception {
    SSLContext context = serverContext();
    try (var listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var server = new Thread(() -> {
        try (var connection = listener.accept()) {
          connection.getOutputStream().write("hello".getBytes());
        } catch (Exception failure) {
          // the client sees it too
        }
      });
      server.start();
      var factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
      try (var socket = (SSLSocket) factory.createSocket("localhost", listener.getLocalPort())) {
        var parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        return new String(socket.getInputStream().readAllBytes()) + " by " + socket.getSession().getProtocol();
      }
    }
  }

  private static SSLContext serverContext() throws Exception {
    String pem = Files.readString(Path.of("/srv/tls/key.pem")).replaceAll("-----[A-Z ]+-----|\\s", "");
    var key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    var certificate = CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of("/srv/tls/cert.pem"))));
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("own", key, new char[0], new Certificate[] {certificate});
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, new char[0]);
    var context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }
}
