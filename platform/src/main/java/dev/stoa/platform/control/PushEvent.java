package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitUrl;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What a forge says of a push.
 *
 * @param ref           such as {@code refs/heads/main}
 * @param commit        where it stands now; absent: it was deleted
 * @param repositories  the URLs of the one that was pushed to; only to be compared
 * @param defaultBranch of the repository
 */
record PushEvent(String ref, Optional<String> commit, List<GitUrl> repositories, Optional<String> defaultBranch) {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
    private static final Pattern NOTHING = Pattern.compile("0+");
    private static final String FORM_FIELD = "payload=";
    private static final List<String> URLS = List.of(
            "clone_url", "ssh_url", "git_url", "html_url", "git_http_url", "git_ssh_url", "http_url", "web_url");

    PushEvent {
        repositories = List.copyOf(repositories);
    }

    boolean isBranch() {
        return ref.startsWith("refs/heads/");
    }

    String branch() {
        return ref.substring("refs/heads/".length());
    }

    boolean isFrom(GitUrl connected) {
        return repositories.isEmpty() || repositories.stream().anyMatch(connected::sameRepository);
    }

    /**
     * The JSON in a body, which GitHub sends as a field of a form if it is told to.
     *
     * @throws StoaException if it has none
     */
    static JsonNode json(byte[] body, String contentType) {
        String media = contentType.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
        String text = new String(body, StandardCharsets.UTF_8);
        if (media.equals("application/x-www-form-urlencoded")) {
            text = Arrays.stream(text.split("&", -1))
                    .filter(field -> field.startsWith(FORM_FIELD))
                    .findFirst()
                    .map(field -> decoded(field.substring(FORM_FIELD.length())))
                    .orElseThrow(() -> bad("the form has no field \"payload\""));
        }
        try {
            JsonNode json = Json.MAPPER.readTree(text);
            if (!json.isObject()) {
                throw bad("the payload is no JSON object");
            }
            return json;
        } catch (JacksonException e) {
            throw bad("the payload is not JSON: " + e.getOriginalMessage());
        }
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw bad("the form is not encoded as one");
        }
    }

    /** @throws StoaException if the JSON does not say what was pushed */
    static PushEvent of(JsonNode json) {
        String ref = json.path("ref").asString("");
        String after = json.path("after").asString("").toLowerCase(Locale.ROOT);
        if (ref.isEmpty() || !COMMIT.matcher(after).matches()) {
            throw bad("the payload of the push has no \"ref\", or no commit as \"after\"");
        }
        boolean deleted =
                json.path("deleted").asBoolean(false) || NOTHING.matcher(after).matches();
        JsonNode repository = json.path("repository");
        JsonNode project = json.path("project");
        List<GitUrl> urls = new ArrayList<>();
        Stream.of(repository, project)
                .flatMap(node -> URLS.stream().map(name -> node.path(name).asString("")))
                .forEach(url -> url(url).ifPresent(urls::add));
        // What GitLab calls url is its SSH one; what GitHub calls so is its API's.
        url(project.path("url").asString("")).ifPresent(urls::add);
        return new PushEvent(
                ref,
                deleted ? Optional.empty() : Optional.of(after),
                urls,
                Stream.of(repository, project)
                        .map(node -> node.path("default_branch").asString(""))
                        .filter(branch -> !branch.isEmpty())
                        .findFirst());
    }

    private static Optional<GitUrl> url(String text) {
        try {
            return text.isEmpty() ? Optional.empty() : Optional.of(GitUrl.parse(text));
        } catch (StoaException e) {
            return Optional.empty();
        }
    }

    private static StoaException bad(String what) {
        return new StoaException(
                ErrorCode.BAD_REQUEST,
                what,
                "a webhook sends its push events as application/json, or as a form with the field payload");
    }
}
