package dev.stoa.api;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a git repository is: {@code https://host/path}, {@code ssh://git@host/path}, {@code git@host:path} and the like. It
 * may carry a user and a password, which only {@link #complete()} prints.
 *
 * @param scheme   {@code https}, {@code http}, {@code ssh} or {@code git}
 * @param port     0 for the scheme's own
 * @param path     starts with a slash, unless the URL is {@code host:path}, whose path begins at the user's home
 */
public record GitUrl(
        String scheme, Optional<String> user, Optional<String> password, String host, int port, String path) {
    private static final int CHARS_MAX = 2048;
    private static final int PORT_MAX = 65535;
    private static final List<String> SCHEMES = List.of("https", "http", "ssh", "git");

    private static final Pattern WITH_SCHEME = Pattern.compile(
            "(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?<userinfo>[^/@]*)@)?(?<host>\\[[0-9A-Fa-f:.]+]|[^/:@\\[\\]]*)(?::(?<port>\\d{0,5}))?(?<path>/.*)?");

    /** As git and scp write it. */
    private static final Pattern SHORT =
            Pattern.compile("(?:(?<user>[^/@:\\s]+)@)?(?<host>\\[[0-9A-Fa-f:.]+]|[^/:@\\[\\]]+):(?<path>(?!:).+)");

    private static final Pattern HOST =
            Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?|\\[[0-9A-Fa-f:.]+]");
    private static final Pattern UNSPEAKABLE = Pattern.compile("[\\p{Cntrl}\\s\"'`<>\\\\^{|}?#]");

    public GitUrl {
        if (!SCHEMES.contains(scheme) || !HOST.matcher(host).matches() || port < 0 || port > PORT_MAX) {
            throw bad("it has no host, or one that cannot be");
        }
        if (path.replace("/", "").isEmpty() || UNSPEAKABLE.matcher(path).find()) {
            throw bad("it has no path to a repository, or one with a character that cannot be");
        }
    }

    /** @throws StoaException if it is no URL of git, or one that the platform does not fetch from */
    public static GitUrl parse(String text) {
        String url = text.strip();
        if (url.isEmpty() || url.length() > CHARS_MAX) {
            throw bad("it is empty, or longer than %d characters".formatted(CHARS_MAX));
        }
        Matcher whole = WITH_SCHEME.matcher(url);
        if (whole.matches()) {
            return withScheme(whole);
        }
        if (url.contains("://")) {
            throw bad("its user, host, port or path has a form that cannot be");
        }
        Matcher brief = SHORT.matcher(url);
        // A host of one letter is a drive, and a slash before the colon makes it a path, as for git itself.
        if (brief.matches() && brief.group("host").length() > 1 && !url.startsWith("-")) {
            return new GitUrl(
                    "ssh",
                    Optional.ofNullable(brief.group("user")),
                    Optional.empty(),
                    brief.group("host").toLowerCase(Locale.ROOT),
                    0,
                    brief.group("path"));
        }
        throw bad("it is a path on a machine, or has a form that the platform does not fetch from");
    }

    private static GitUrl withScheme(Matcher whole) {
        String scheme = whole.group("scheme")
                .toLowerCase(Locale.ROOT)
                .replace("git+ssh", "ssh")
                .replace("ssh+git", "ssh");
        if (!SCHEMES.contains(scheme)) {
            throw bad("the platform does not fetch from %s://".formatted(scheme));
        }
        Optional<String> userinfo = Optional.ofNullable(whole.group("userinfo")).filter(info -> !info.isEmpty());
        int colon = userinfo.map(info -> info.indexOf(':')).orElse(-1);
        Optional<String> port = Optional.ofNullable(whole.group("port")).filter(digits -> !digits.isEmpty());
        return new GitUrl(
                scheme,
                userinfo.map(info -> decoded(colon < 0 ? info : info.substring(0, colon)))
                        .filter(user -> !user.isEmpty()),
                userinfo.filter(info -> colon >= 0).map(info -> decoded(info.substring(colon + 1))),
                whole.group("host").toLowerCase(Locale.ROOT),
                port.map(Integer::parseInt).orElse(0),
                Optional.ofNullable(whole.group("path")).orElse("/"));
    }

    public boolean ssh() {
        return scheme.equals("ssh");
    }

    /** Whether a user or a password would be sent to the server with HTTP. */
    public boolean hasCredentials() {
        return !ssh() && (user.isPresent() || password.isPresent());
    }

    public GitUrl withCredentialsOf(GitUrl other) {
        return new GitUrl(scheme, other.user, other.password, host, port, path);
    }

    /** The last part of the path, without {@code .git}: mostly the name of the app. */
    public String name() {
        String bare = bare(path);
        return bare.substring(bare.lastIndexOf('/') + 1);
    }

    /**
     * Whether both name one repository, as far as host and path tell: a forge offers it over several schemes and ports, and
     * some of them over a host of its own for SSH through port 443.
     */
    public boolean sameRepository(GitUrl other) {
        return forge(host).equals(forge(other.host)) && bare(path).equalsIgnoreCase(bare(other.path));
    }

    private static String forge(String host) {
        return host.replaceFirst("\\.$", "").replaceFirst("^(altssh|ssh|www)\\.(?=github\\.com$|gitlab\\.com$)", "");
    }

    private static String bare(String path) {
        return path.replaceAll("/+", "/")
                .replaceFirst("^/", "")
                .replaceFirst("/$", "")
                .replaceFirst("\\.git$", "");
    }

    /** With its password, for nobody's eyes. */
    public String complete() {
        String login = user.map(GitUrl::encoded).orElse("")
                + password.map(secret -> ":" + encoded(secret)).orElse("");
        return printed(login);
    }

    /** Without password; over HTTP without the user, too, in whose place there may be a token. */
    @Override
    public String toString() {
        return printed(ssh() ? user.map(GitUrl::encoded).orElse("") : "");
    }

    private String printed(String login) {
        String at = login.isEmpty() ? "" : login + "@";
        if (!path.startsWith("/")) {
            return at + host + ":" + path;
        }
        return scheme + "://" + at + host + (port == 0 ? "" : ":" + port) + path;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw bad("its user or password has a %% that begins no escape; a %% itself is %%25".formatted());
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Never the URL itself: it may hold a password. */
    private static StoaException bad(String why) {
        return new StoaException(
                ErrorCode.BAD_REQUEST,
                "that is not the URL of a git repository: " + why,
                "it is one such as https://github.com/you/shop.git, git@github.com:you/shop.git, or with a branch …/shop.git#main; a folder on this machine: stoa deploy PATH");
    }
}
