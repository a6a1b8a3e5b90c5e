package dev.stoa.platform.router;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A client of TLS that believes everybody, and shows what it was shown. */
final class TlsClient {
    private final SSLContext context;
    private final int port;
    private String[] versions = {"TLSv1.3", "TLSv1.2"};
    private String[] protocols = {};

    TlsClient(int port) {
        this.port = port;
        try {
            context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Anybody()}, null);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    SSLContext context() {
        return context;
    }

    TlsClient speaking(String... versions) {
        this.versions = versions;
        return this;
    }

    TlsClient offering(String... protocols) {
        this.protocols = protocols;
        return this;
    }

    /** A connection whose handshake is done; without a host it names none. */
    Shaken shake(String host) throws IOException {
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLSocket socket = (SSLSocket)
                context.getSocketFactory().createSocket(plain, host.isEmpty() ? "127.0.0.1" : host, port, true);
        socket.setEnabledProtocols(versions);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        if (!host.isEmpty()) {
            parameters.setServerNames(List.of(new SNIHostName(host)));
        }
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(10_000);
        try {
            socket.startHandshake();
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        return new Shaken(socket, new Conversation(socket));
    }

    record Shaken(SSLSocket socket, Conversation conversation) implements AutoCloseable {
        List<String> names() {
            try {
                X509Certificate leaf = (X509Certificate) session().getPeerCertificates()[0];
                return leaf.getSubjectAlternativeNames().stream()
                        .map(name -> name.get(1).toString())
                        .toList();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        X509Certificate certificate() {
            try {
                return (X509Certificate) session().getPeerCertificates()[0];
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        SSLSession session() {
            return socket.getSession();
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static final class Anybody extends javax.net.ssl.X509ExtendedTrustManager implements X509TrustManager {
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
