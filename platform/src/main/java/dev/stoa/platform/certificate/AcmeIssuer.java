package dev.stoa.platform.certificate;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.channels.ClosedChannelException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Identifier;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.PollableResource;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Challenge;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.challenge.TlsAlpn01Challenge;
import org.shredzone.acme4j.challenge.TokenChallenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeNetworkException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.util.KeyPairUtils;

/**
 * Gets certificates by ACME (RFC 8555). Each order proves the host over the HTTP port first, and if that fails, another
 * one over the HTTPS port: of the two, firewalls and proxies in front often let only one through.
 */
public final class AcmeIssuer implements Issuer {
    private static final System.Logger LOG = System.getLogger(AcmeIssuer.class.getName());

    /** For each of: the authority looks, the authority signs. */
    private static final Duration STEP_MAX = Duration.ofSeconds(90);

    private static final Duration LOOK_MIN = Duration.ofMillis(200);
    private static final Duration LOOK_MAX = Duration.ofSeconds(3);
    private static final Set<Status> DECIDED = Set.of(Status.VALID, Status.INVALID);
    private static final Duration REQUEST_MAX = Duration.ofSeconds(20);

    /** Of the certificate that is the proof: the library makes it for RSA keys only. */
    private static final int PROOF_KEY_BITS = 2048;

    private static final List<Class<? extends TokenChallenge>> PROOFS =
            List.of(Http01Challenge.class, TlsAlpn01Challenge.class);

    private final AcmeOptions options;
    private final Supplier<KeyPair> accountKey;
    private final Challenges challenges;
    private @Nullable Login login;

    /**
     * @param accountKey gives the key of the account with this authority, the same one each time
     * @param challenges shows the proofs
     */
    public AcmeIssuer(AcmeOptions options, Supplier<KeyPair> accountKey, Challenges challenges) {
        this.options = options;
        this.accountKey = accountKey;
        this.challenges = challenges;
    }

    /** A new key for an account. */
    public static KeyPair newAccountKey() {
        return LocalAuthority.newKey();
    }

    @Override
    public CertificateChain issue(String host) throws InterruptedException {
        List<String> reasons = new ArrayList<>();
        for (Class<? extends TokenChallenge> proof : PROOFS) {
            try {
                return issue(host, proof);
            } catch (NotProven e) {
                reasons.add(e.reason);
            } catch (AcmeNetworkException e) {
                throw new StoaException(
                        ErrorCode.CERTIFICATE_NOT_ISSUED,
                        "no certificate for %s: the authority at %s cannot be reached: %s"
                                .formatted(host, options.directory(), rootOf(e)),
                        "check --acme-directory and this machine's way to it; --acme-ca where it has a certificate that Java does not know",
                        e);
            } catch (AcmeProtocolException | AcmeLazyLoadingException e) {
                throw failed(host, "what it answers is not ACME: " + rootOf(e), e);
            } catch (AcmeException e) {
                throw failed(host, e.getMessage() == null ? e.toString() : e.getMessage(), e);
            }
        }
        throw failed(host, String.join("; ", reasons), null);
    }

    private static String rootOf(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null && !(root.getCause() instanceof ClosedChannelException)) {
            root = root.getCause();
        }
        String name = root.getClass()
                .getSimpleName()
                .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                .replace(" Exception", "");
        return root.getMessage() == null ? name.toLowerCase(Locale.ROOT) : root.getMessage();
    }

    private StoaException failed(String host, String reason, @Nullable Exception cause) {
        String message = "%s gave no certificate for %s: %s"
                .formatted(options.directory().getHost(), host, reason.strip().replaceAll("\\s+", " "));
        String hint =
                "the authority has to reach this router as http://%1$s (port 80) or https://%1$s (port 443); stoa domains shows where the name leads"
                        .formatted(host);
        return cause == null
                ? new StoaException(ErrorCode.CERTIFICATE_NOT_ISSUED, message, hint)
                : new StoaException(ErrorCode.CERTIFICATE_NOT_ISSUED, message, hint, cause);
    }

    private CertificateChain issue(String host, Class<? extends TokenChallenge> proof)
            throws AcmeException, InterruptedException {
        Order order = login().newOrder().domain(host).create();
        for (Authorization authorization : order.getAuthorizations()) {
            if (authorization.getStatus() != Status.VALID) {
                prove(host, authorization, proof);
            }
        }
        KeyPair pair = LocalAuthority.newKey();
        if (order.getStatus() != Status.VALID) {
            await(order, Set.of(Status.READY, Status.VALID, Status.INVALID));
            order.execute(pair);
            if (await(order, DECIDED) != Status.VALID) {
                throw new AcmeException("it did not sign: " + reason(order.getError()));
            }
        }
        CertificateChain chain = new CertificateChain(order.getCertificate().getCertificateChain(), pair.getPrivate());
        LOG.log(System.Logger.Level.INFO, "certificate issued host={0} until={1}", host, chain.expiresAt());
        return chain;
    }

    private void prove(String host, Authorization authorization, Class<? extends TokenChallenge> proof)
            throws AcmeException, InterruptedException {
        TokenChallenge challenge = authorization
                .findChallenge(proof)
                .orElseThrow(() -> new NotProven("it does not take proofs by " + proof.getSimpleName()));
        show(host, challenge);
        try {
            challenge.trigger();
            if (await(challenge, DECIDED) != Status.VALID) {
                throw new NotProven("by %s: %s".formatted(challenge.getType(), reason(challenge.getError())));
            }
            await(authorization, DECIDED);
        } finally {
            challenges.withdraw(token(challenge), host);
        }
    }

    /** As the library's own, which looks every three seconds only; a client may be waiting for the certificate. */
    private static Status await(PollableResource resource, Set<Status> wanted)
            throws AcmeException, InterruptedException {
        Instant end = Instant.now().plus(STEP_MAX);
        Duration pause = LOOK_MIN;
        while (!wanted.contains(resource.getStatus())) {
            Instant next = Instant.now().plus(pause);
            if (next.isAfter(end)) {
                throw new AcmeException("it did not decide within %d s".formatted(STEP_MAX.toSeconds()));
            }
            Thread.sleep(Duration.between(Instant.now(), next));
            Duration longer = pause.multipliedBy(2).compareTo(LOOK_MAX) > 0 ? LOOK_MAX : pause.multipliedBy(2);
            pause = resource.fetch()
                    .map(asked -> Duration.between(Instant.now(), asked))
                    .filter(asked -> asked.compareTo(longer) > 0 && asked.compareTo(STEP_MAX) < 0)
                    .orElse(longer);
        }
        return resource.getStatus();
    }

    private void show(String host, Challenge challenge) {
        switch (challenge) {
            case Http01Challenge http -> challenges.answer(http.getToken(), http.getAuthorization());
            case TlsAlpn01Challenge tls -> {
                KeyPair pair = KeyPairUtils.createKeyPair(PROOF_KEY_BITS);
                challenges.show(
                        host,
                        new CertificateChain(
                                List.of(tls.createCertificate(pair, Identifier.dns(host))), pair.getPrivate()));
            }
            default -> throw new IllegalArgumentException(challenge.getType());
        }
    }

    private static String token(Challenge challenge) {
        return challenge instanceof Http01Challenge http ? http.getToken() : "";
    }

    private static String reason(Optional<Problem> problem) {
        return problem.flatMap(Problem::getDetail).orElse("no reason given");
    }

    /** The account, made if the authority has none for the key; whoever gives an address agrees to the authority's terms. */
    private synchronized Login login() throws AcmeException {
        if (login == null) {
            Session session = new Session(options.directory(), new AcmeTrust(options));
            session.networkSettings().setTimeout(REQUEST_MAX);
            AccountBuilder account =
                    new AccountBuilder().agreeToTermsOfService().useKeyPair(accountKey.get());
            options.email().ifPresent(account::addEmail);
            options.binding().ifPresent(binding -> account.withKeyIdentifier(binding.id(), binding.key()));
            login = account.createLogin(session);
        }
        return login;
    }

    /** The authority looked, and did not find the proof. */
    private static final class NotProven extends AcmeException {
        private static final long serialVersionUID = 1L;

        private final String reason;

        NotProven(String reason) {
            super(reason);
            this.reason = reason;
        }
    }
}
