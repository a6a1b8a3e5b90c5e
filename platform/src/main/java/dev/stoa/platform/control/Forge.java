package dev.stoa.platform.control;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Who sends webhooks, and how each signs them. In this order, as Forgejo sends the headers of Gitea and GitHub too, and Gitea
 * those of GitHub.
 */
enum Forge {
    FORGEJO("X-Forgejo-Event", "X-Forgejo-Delivery", List.of("X-Forgejo-Signature", "X-Gitea-Signature")),
    GITEA("X-Gitea-Event", "X-Gitea-Delivery", List.of("X-Gitea-Signature")),
    GITLAB("X-Gitlab-Event", "X-Gitlab-Event-UUID", List.of()),
    GITHUB("X-GitHub-Event", "X-GitHub-Delivery", List.of());

    /** GitHub's, which Gitea and Forgejo send too. */
    private static final String HUB_SIGNATURE = "X-Hub-Signature-256";

    private static final String HUB_PREFIX = "sha256=";
    private static final String GITLAB_TOKEN = "X-Gitlab-Token";

    private final String eventHeader;
    private final String deliveryHeader;
    private final List<String> signatureHeaders;

    Forge(String eventHeader, String deliveryHeader, List<String> signatureHeaders) {
        this.eventHeader = eventHeader;
        this.deliveryHeader = deliveryHeader;
        this.signatureHeaders = signatureHeaders;
    }

    /** Whose headers these are. */
    static Optional<Forge> of(Function<String, Optional<String>> headers) {
        return Arrays.stream(values())
                .filter(forge -> headers.apply(forge.eventHeader).isPresent())
                .findFirst();
    }

    String event(Function<String, Optional<String>> headers) {
        return headers.apply(eventHeader).orElse("");
    }

    /** As the forge numbers it. It is not signed. */
    Optional<String> delivery(Function<String, Optional<String>> headers) {
        return headers.apply(deliveryHeader).filter(id -> !id.isBlank());
    }

    /** Whether there is something that could be right. */
    boolean isSigned(Function<String, Optional<String>> headers) {
        return proof(headers).isPresent();
    }

    /** Whether whoever sent the body knows the secret. Takes as long for a wrong signature as for a right one. */
    boolean isGenuine(Function<String, Optional<String>> headers, byte[] body, String secret) {
        byte[] proof = proof(headers).orElse("").getBytes(StandardCharsets.UTF_8);
        byte[] right = this == GITLAB
                ? secret.getBytes(StandardCharsets.UTF_8)
                : hmac(body, secret).getBytes(StandardCharsets.US_ASCII);
        // Of equal length, so that the time tells nothing of the length of the secret.
        return MessageDigest.isEqual(sha256(proof), sha256(right));
    }

    private Optional<String> proof(Function<String, Optional<String>> headers) {
        if (this == GITLAB) {
            return headers.apply(GITLAB_TOKEN);
        }
        return signatureHeaders.stream()
                .flatMap(header -> headers.apply(header).stream())
                .findFirst()
                .or(() -> headers.apply(HUB_SIGNATURE)
                        .filter(value -> value.startsWith(HUB_PREFIX))
                        .map(value -> value.substring(HUB_PREFIX.length())));
    }

    /** HMAC-SHA-256 in lower case hexadecimal. */
    static String hmac(byte[] body, String secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA-256", e);
        }
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
