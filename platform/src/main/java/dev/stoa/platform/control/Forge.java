package dev.stoa.platform.control;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Who sends webhooks, and how each signs them. In this order, as Forgejo sends the headers of Gitea and GitHub too, and Gitea
 * those of GitHub.
 */
enum Forge {
    FORGEJO("X-Forgejo-Event", "X-Forgejo-Delivery", "X-Forgejo-Signature"),
    GITEA("X-Gitea-Event", "X-Gitea-Delivery", "X-Gitea-Signature"),
    GITLAB("X-Gitlab-Event", "X-Gitlab-Event-UUID", "X-Gitlab-Token"),
    GITHUB("X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256");

    private static final String HUB_PREFIX = "sha256=";

    private final String eventHeader;
    private final String deliveryHeader;
    private final String proofHeader;

    Forge(String eventHeader, String deliveryHeader, String proofHeader) {
        this.eventHeader = eventHeader;
        this.deliveryHeader = deliveryHeader;
        this.proofHeader = proofHeader;
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
        Optional<String> own = headers.apply(proofHeader);
        return switch (this) {
            case GITLAB -> own;
            case GITHUB ->
                own.filter(value -> value.startsWith(HUB_PREFIX)).map(value -> value.substring(HUB_PREFIX.length()));
            case GITEA -> own.or(() -> GITHUB.proof(headers));
            case FORGEJO -> own.or(() -> GITEA.proof(headers));
        };
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
