package dev.stoa.platform.resource;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** Why a bucket does not do what it was asked to, and what helps, in the words of whoever set the backups up. */
final class BucketRefusal {
    static final String NO_SUCH_KEY = "NoSuchKey";

    private static final int TRYING_AGAIN_HELPS = 500;
    private static final int SAID_CHARS_MAX = 200;

    private final URI endpoint;
    private final String bucket;
    private final SignedRequest signing;

    BucketRefusal(URI endpoint, String bucket, SignedRequest signing) {
        this.endpoint = endpoint;
        this.bucket = bucket;
        this.signing = signing;
    }

    static String code(String answer) {
        return leaf(answer, "Code").orElse("");
    }

    private static Optional<String> leaf(String xml, String name) {
        Matcher leaf = Pattern.compile("<%s>([^<]*)</%s>".formatted(name, name)).matcher(xml);
        return leaf.find() ? Optional.of(leaf.group(1)) : Optional.empty();
    }

    /**
     * An answer other than what was asked for.
     *
     * @param what such as {@code PUT shop-main-1f00d5ab/wal/0001}
     * @param date of the server, as it said it
     */
    IOException of(String what, int status, String answer, Optional<String> date) {
        String code = code(answer);
        String why = switch (code) {
            case "InvalidAccessKeyId" ->
                "it does not know the access key %s: see --access-key".formatted(signing.accessKey());
            case "SignatureDoesNotMatch" ->
                "the secret key is not that of the access key %s: see --secret-key".formatted(signing.accessKey());
            case "AccessDenied" ->
                ("the access key %s may not do that: it has to be allowed to list the bucket %s, and to get, put and"
                                + " delete its objects")
                        .formatted(signing.accessKey(), bucket);
            case "NoSuchBucket" -> "there is no bucket %s there: make it, or name another".formatted(bucket);
            case "RequestTimeTooSkewed" ->
                "the clock of this machine is too far from its own%s: set it, for example with timedatectl set-ntp true"
                        .formatted(date.map(" (there it is %s)"::formatted).orElse(""));
            case "AuthorizationHeaderMalformed",
                    "PermanentRedirect",
                    "TemporaryRedirect",
                    "IllegalLocationConstraintException" ->
                leaf(answer, "Region")
                        .map("the bucket is in the region %s: say so, with --region"::formatted)
                        .orElse("the bucket is in another region than %s: see --region, and --endpoint"
                                .formatted(signing.region()));
            case "QuotaExceeded", "InsufficientStorage", "EntityTooLarge" ->
                "it has no room for more: %s".formatted(leaf(answer, "Message").orElse(code));
            case "" ->
                status >= TRYING_AGAIN_HELPS
                        ? "it fails itself, with status %d".formatted(status)
                        : "it does not answer as an S3 server does (status %d: \"%s\"): see --endpoint"
                                .formatted(status, shortened(answer));
            default -> leaf(answer, "Message").map(said -> code + ", " + said).orElse(code);
        };
        return new IOException("%s refuses to %s: %s".formatted(endpoint, what, why));
    }

    private static String shortened(String text) {
        String line = text.replaceAll("<[^>]*>", " ").replaceAll("\\s+", " ").strip();
        return line.substring(0, Math.min(line.length(), SAID_CHARS_MAX));
    }

    /** No answer at all. */
    IOException of(IOException e) {
        String why = switch (e) {
            case HttpConnectTimeoutException late -> "nothing answers there: see --endpoint, and what stands between";
            case HttpTimeoutException late -> "it took the request, and did not answer in time";
            case ConnectException refused ->
                refused.getCause() instanceof ConnectException inner
                                && inner.getCause() instanceof UnresolvedAddressException
                        ? "the name %s is not known: see --endpoint, and this machine's DNS"
                                .formatted(endpoint.getHost())
                        : "nothing listens there: see --endpoint";
            case SSLException tls -> tls(tls);
            default -> String.valueOf(e.getMessage() == null ? e : e.getMessage());
        };
        return new IOException("%s cannot be reached: %s".formatted(endpoint, why), e);
    }

    private static String tls(SSLException e) {
        String said = String.valueOf(e.getMessage());
        if (said.contains("PKIX") || said.contains("certificate")) {
            return "its certificate is none that this machine trusts (%s): add its authority to those of the JDK that runs Stoa"
                    .formatted(said);
        }
        return said.contains("plaintext") || said.contains("Unsupported or unrecognized")
                ? "it speaks no TLS there: http:// instead of https://, or another port"
                : "TLS fails: " + said;
    }
}
