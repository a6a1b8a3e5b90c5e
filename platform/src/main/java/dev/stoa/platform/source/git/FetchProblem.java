package dev.stoa.platform.source.git;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitUrl;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.eclipse.jgit.errors.NoRemoteRepositoryException;

/** Says why a fetch failed, and what to do, from what the git library throws. */
final class FetchProblem {
    private static final Pattern DENIED = Pattern.compile(
            "not authorized|auth(entication)? (fail|is required)|no more authentication|cannot log in|not permitted|forbidden|access denied|permission denied|\\b40[13]\\b");

    private static final Pattern NOT_THERE = Pattern.compile(
            "not found|\\b404\\b|does not exist|could not be found|does not appear to be a git repository");

    private static final Pattern TIMEOUT = Pattern.compile("tim(e|ed) ?out");

    private FetchProblem() {}

    static StoaException of(GitUrl url, Exception e) {
        List<Throwable> chain = chain(e);
        String said = String.join(
                        "; ",
                        chain.stream()
                                .flatMap(cause -> Optional.ofNullable(cause.getMessage()).stream())
                                .toList())
                .toLowerCase(Locale.ROOT);
        if (DiskFull.causes(e)) {
            return DiskFull.problem(e);
        }
        if (has(chain, UnknownHostException.class) || has(chain, UnresolvedAddressException.class)) {
            return failed(
                    url,
                    "there is no host %s".formatted(url.host()),
                    "is its name right, and has this machine a name server?",
                    e);
        }
        if (has(chain, ConnectException.class) || has(chain, NoRouteToHostException.class)) {
            return failed(url, "nothing answers there", "is the host right, the port, and the network up?", e);
        }
        if (said.contains("unrecognized ssl message")) {
            return failed(url, "what answers there does not speak TLS", "is it http:// rather than https://?", e);
        }
        if (has(chain, SSLException.class)) {
            return failed(
                    url,
                    "its TLS certificate is not trusted: " + last(chain),
                    "the certificate must be one that the JDK trusts",
                    e);
        }
        if (DENIED.matcher(said).find() || (url.ssh() && said.contains("auth"))) {
            return denied(url, "%s does not let the platform read it".formatted(url), e);
        }
        if (has(chain, NoRemoteRepositoryException.class)
                || NOT_THERE.matcher(said).find()) {
            return denied(url, "there is no repository at %s, or it is private".formatted(url), e);
        }
        if (has(chain, SocketTimeoutException.class)
                || has(chain, InterruptedIOException.class)
                || TIMEOUT.matcher(said).find()) {
            return failed(url, "it stopped to answer", "try again later", e);
        }
        return failed(url, last(chain), "try it by hand: git ls-remote " + url, e);
    }

    private static StoaException failed(GitUrl url, String why, String hint, Exception e) {
        return new StoaException(ErrorCode.GIT_FETCH_FAILED, "%s cannot be fetched: %s".formatted(url, why), hint, e);
    }

    private static StoaException denied(GitUrl url, String what, Exception e) {
        String hint;
        if (url.ssh()) {
            hint = "add the app's deploy key to the repository; it is shown by: stoa git key -a APP";
        } else if (url.hasCredentials()) {
            hint = "the user and password or token in the URL must be allowed to read it";
        } else {
            hint =
                    "a private one needs its SSH URL and the app's deploy key (stoa git key -a APP), or a token in the URL: https://USER:TOKEN@%s/…"
                            .formatted(url.host());
        }
        return new StoaException(ErrorCode.GIT_ACCESS_DENIED, what, hint, e);
    }

    private static boolean has(List<Throwable> chain, Class<? extends Throwable> type) {
        return chain.stream().anyMatch(type::isInstance);
    }

    private static String last(List<Throwable> chain) {
        return chain.reversed().stream()
                .flatMap(cause -> Optional.ofNullable(cause.getMessage()).stream())
                .findFirst()
                .orElse(chain.getLast().getClass().getSimpleName());
    }

    private static List<Throwable> chain(Throwable e) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable cause = e; cause != null && !chain.contains(cause); cause = cause.getCause()) {
            chain.add(cause);
        }
        return chain;
    }
}
