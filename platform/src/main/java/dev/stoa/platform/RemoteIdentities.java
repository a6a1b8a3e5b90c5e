package dev.stoa.platform;

import dev.stoa.api.Identity;
import dev.stoa.api.IdentityEvent;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.router.IdentitySource;
import dev.stoa.platform.router.Router;
import dev.stoa.platform.router.ServerIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;

/**
 * Which certificate belongs to which host, as a platform in another process says. It is asked when a client comes for a host,
 * and again when it has told that certificates changed; what it said last counts while it is away.
 */
final class RemoteIdentities implements IdentitySource, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(RemoteIdentities.class.getName());

    /** The platform waits for 8 s for a certificate that it orders; a handshake ends after 10 s. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(9);

    private static final int OK = 200;
    private static final int NOT_FOUND = 404;

    private final Router router;
    private final String id;
    private final KeyFile file;
    private final PlatformWatch watch;
    private final Map<String, Identity> kept = new TreeMap<>();
    private String domain;
    private Optional<IdentityEvent> inForce = Optional.empty();

    RemoteIdentities(Router router, String id, URI platform, Supplier<String> token, KeyFile file) {
        this.router = router;
        this.file = file;
        this.id = id;
        this.watch = new PlatformWatch(
                platform,
                token,
                "list of certificates",
                "/v1/identities?router=" + id,
                line -> apply(Json.read(line, IdentityEvent.class)));
        KeyFile.Content last = file.read();
        domain = last.domain();
        last.identities().forEach(identity -> kept.put(identity.host(), identity));
    }

    /** Connects, and again whenever the connection is lost. Returns at once. */
    void start() {
        watch.start();
    }

    @Override
    public void close() {
        watch.close();
    }

    private void apply(IdentityEvent event) {
        Optional<IdentityEvent> before;
        synchronized (this) {
            before = inForce;
            inForce = Optional.of(event);
            domain = event.domain();
        }
        event.answers().forEach(router::answerProof);
        event.proofs().forEach(proof -> router.showProof(proof.host(), identity(proof)));
        before.ifPresent(then -> withdraw(then, event));
        if (!before.map(IdentityEvent::edition).equals(Optional.of(event.edition()))) {
            router.identityChanged(host -> true);
        }
        done(event.version());
    }

    /** The platform lets an authority look when it knows that the proof is shown here. */
    private void done(long version) {
        try {
            HttpResponse<Void> _ = watch.http()
                    .send(
                            watch.request("/v1/identities/" + id)
                                    .timeout(ANSWER_MAX)
                                    .header("Content-Type", "application/json")
                                    .POST(BodyPublishers.ofString(Json.write(new IdentityEvent.Done(version))))
                                    .build(),
                            BodyHandlers.discarding());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | UncheckedIOException e) {
            LOG.log(Level.DEBUG, "cannot tell the platform that a proof is shown", e);
        }
    }

    private void withdraw(IdentityEvent before, IdentityEvent now) {
        Set<String> tokens = new HashSet<>(before.answers().keySet());
        tokens.removeAll(now.answers().keySet());
        Set<String> hosts = new HashSet<>();
        before.proofs().forEach(proof -> hosts.add(proof.host()));
        now.proofs().forEach(proof -> hosts.remove(proof.host()));
        tokens.forEach(token -> router.withdrawProof(token, IdentitySource.NO_HOST));
        hosts.forEach(host -> router.withdrawProof("", host));
    }

    @Override
    public Optional<ServerIdentity> find(String host) {
        Optional<Identity> last = kept(host);
        if (last.isPresent() && !watch.connected()) {
            return last.map(RemoteIdentities::identity);
        }
        try {
            return ask(host).map(RemoteIdentities::identity);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return last.map(RemoteIdentities::identity);
        } catch (IOException | UncheckedIOException | JacksonException | StoaException e) {
            LOG.log(
                    Level.WARNING,
                    "cannot ask the platform for a certificate host={0} why={1}",
                    host,
                    e.getMessage() == null ? e.toString() : e.getMessage());
            return last.map(RemoteIdentities::identity);
        }
    }

    private synchronized Optional<Identity> kept(String host) {
        return Optional.ofNullable(kept.get(host));
    }

    private Optional<Identity> ask(String host) throws IOException, InterruptedException {
        HttpResponse<String> answer = watch.http()
                .send(
                        watch.request("/v1/identity?host=" + URLEncoder.encode(host, StandardCharsets.UTF_8))
                                .timeout(ANSWER_MAX)
                                .GET()
                                .build(),
                        BodyHandlers.ofString());
        if (answer.statusCode() != OK && answer.statusCode() != NOT_FOUND) {
            throw new IOException("status " + answer.statusCode());
        }
        Optional<Identity> told =
                answer.statusCode() == OK ? Optional.of(Json.read(answer.body(), Identity.class)) : Optional.empty();
        keep(host, told);
        return told;
    }

    private void keep(String host, Optional<Identity> told) {
        Map<String, Identity> all;
        String of;
        synchronized (this) {
            Optional<Identity> before =
                    Optional.ofNullable(told.isPresent() ? kept.put(host, told.get()) : kept.remove(host));
            if (before.equals(told)) {
                return;
            }
            all = new HashMap<>(kept);
            of = domain;
        }
        file.write(of, all.values());
    }

    @Override
    public synchronized boolean greets(String host) {
        return !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain));
    }

    private static ServerIdentity identity(Identity told) {
        CertificateChain chain = CertificateChain.parse(told.chain(), told.key());
        return new ServerIdentity(chain.certificates(), chain.key());
    }
}
