package dev.stoa.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * One request by HTTPS to a host that no DNS knows.
 *
 * @param certificate that was shown
 */
record Visit(X509Certificate certificate, String answer) {
    private static final int MILLIS_MAX = 30_000;

    /** Believes anybody, to see who answers. */
    static Visit to(int port, String host, String path) throws IOException {
        return to(port, host, path, new TrustManager[] {new Anybody()});
    }

    /** Believes only certificates for the host that one of the file vouches for. */
    static Visit to(int port, String host, String path, Path authority) throws IOException {
        try (var in = Files.newInputStream(authority)) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry(
                    "authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            return to(port, host, path, factory.getTrustManagers());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static Visit to(int port, String host, String path, TrustManager[] trust) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust, null);
            Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(host)));
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
                socket.setSoTimeout(MILLIS_MAX);
                socket.startHandshake();
                socket.getOutputStream()
                        .write("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                                .formatted(path, host)
                                .getBytes(StandardCharsets.US_ASCII));
                return new Visit(
                        (X509Certificate) socket.getSession().getPeerCertificates()[0],
                        new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    String issuer() {
        return certificate.getIssuerX500Principal().getName();
    }

    private static final class Anybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
