package dev.stoa.platform.certificate;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.provider.GenericAcmeProvider;

/**
 * Speaks ACME to an authority whose own certificate may be one that Java does not trust: that of a company, or one for
 * tests on this machine.
 */
final class AcmeTrust extends GenericAcmeProvider {
    private final AcmeOptions options;

    AcmeTrust(AcmeOptions options) {
        this.options = options;
    }

    @Override
    public HttpClient createHttpClient(NetworkSettings settings) {
        HttpClient.Builder client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(settings.getTimeout());
        trust().ifPresent(client::sslContext);
        return client.build();
    }

    private Optional<SSLContext> trust() {
        try {
            TrustManager[] managers;
            if (options.authorities().isPresent()) {
                managers = managers(options.authorities().get());
            } else if (isThisMachine(options.directory())) {
                managers = new TrustManager[] {new Anybody()};
            } else {
                return Optional.empty();
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers, new SecureRandom());
            return Optional.of(context);
        } catch (GeneralSecurityException | IOException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot read the certificates that --acme-ca names: " + e,
                    "it is a file in PEM form that the platform can read",
                    e);
        }
    }

    private static TrustManager[] managers(Path file) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (X509Certificate certificate : Pem.certificates(Files.readString(file))) {
            store.setCertificateEntry("given-" + number++, certificate);
        }
        TrustManagerFactory java = factory(null);
        for (TrustManager manager : java.getTrustManagers()) {
            if (manager instanceof javax.net.ssl.X509TrustManager known) {
                for (X509Certificate certificate : known.getAcceptedIssuers()) {
                    store.setCertificateEntry("known-" + number++, certificate);
                }
            }
        }
        return factory(store).getTrustManagers();
    }

    private static TrustManagerFactory factory(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    /** Nobody can stand between this machine and itself. */
    static boolean isThisMachine(URI directory) {
        try {
            List<InetAddress> addresses = Arrays.asList(InetAddress.getAllByName(directory.getHost()));
            return addresses.stream().allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Believes whoever answers. */
    private static final class Anybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

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
