package dev.stoa.platform.source.git;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.GitSource;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;

/** What a remote repository says that it has. */
record RemoteRefs(List<Ref> refs) {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHORT_COMMIT = Pattern.compile("[0-9a-f]{4,39}");
    private static final int NAMED_MAX = 5;

    /** What a ref stands for. */
    sealed interface Found {
        /** A branch or a tag. */
        record Named(String name, ObjectId id) implements Found {
            String shown() {
                return name.replaceFirst("^refs/(heads|tags)/", "");
            }
        }

        record Commit(ObjectId id) implements Found {}

        /** The beginning of a commit's name. */
        record Abbreviation(String text) implements Found {}
    }

    /** As git does, a branch or tag of the name comes before a commit. */
    Found find(GitSource source) {
        if (refs.isEmpty()) {
            throw new StoaException(
                    ErrorCode.EMPTY_SOURCE,
                    "the repository %s is empty".formatted(source.url()),
                    "push something to it first: git push origin main");
        }
        String ref = source.ref().orElse(Constants.HEAD);
        if (ref.equals(Constants.HEAD)) {
            return head(source);
        }
        return named(Constants.R_HEADS + ref)
                .or(() -> named(Constants.R_TAGS + ref))
                .or(() -> ref.startsWith(Constants.R_REFS) ? named(ref) : Optional.empty())
                .or(() -> ref.matches("heads/.+|tags/.+") ? named(Constants.R_REFS + ref) : Optional.empty())
                .or(() -> COMMIT.matcher(ref).matches()
                        ? Optional.of(new Found.Commit(ObjectId.fromString(ref)))
                        : Optional.empty())
                .or(() -> SHORT_COMMIT.matcher(ref).matches()
                        ? Optional.of(new Found.Abbreviation(ref))
                        : Optional.empty())
                .orElseThrow(() -> unknown(source));
    }

    private Found head(GitSource source) {
        Optional<Ref> head = refs.stream()
                .filter(ref -> ref.getName().equals(Constants.HEAD))
                .findFirst();
        return head.filter(Ref::isSymbolic)
                .flatMap(ref -> named(ref.getTarget().getName()))
                .or(() -> head.flatMap(ref -> Optional.ofNullable(ref.getObjectId()))
                        .map(id -> atTheSamePlace(id).orElse(new Found.Named(Constants.HEAD, id))))
                .orElseThrow(() -> new StoaException(
                        ErrorCode.GIT_REF_NOT_FOUND,
                        "%s does not say which of its branches is the first".formatted(source.url()),
                        "name one: %s#%s"
                                .formatted(source.url(), branches().findFirst().orElse("main"))));
    }

    /** Old servers do not say what HEAD is, only where. */
    private Optional<Found> atTheSamePlace(ObjectId head) {
        return Stream.of("main", "master")
                .flatMap(branch -> named(Constants.R_HEADS + branch).stream())
                .filter(found ->
                        found instanceof Found.Named named && named.id().equals(head))
                .findFirst();
    }

    private Optional<Found> named(String name) {
        return refs.stream()
                .filter(ref -> ref.getName().equals(name))
                .flatMap(ref -> Optional.ofNullable(ref.getObjectId()).stream())
                .findFirst()
                .map(id -> new Found.Named(name, id));
    }

    private Stream<String> branches() {
        return shown(Constants.R_HEADS);
    }

    private Stream<String> shown(String prefix) {
        return refs.stream()
                .map(Ref::getName)
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()));
    }

    StoaException unknown(GitSource source) {
        String ref = source.ref().orElse(Constants.HEAD);
        List<String> known = Stream.concat(branches(), shown(Constants.R_TAGS)).toList();
        String hint = Nearest.of(ref, known).map("did you mean %s? "::formatted).orElse("");
        long more = branches().skip(NAMED_MAX).count();
        return new StoaException(
                ErrorCode.GIT_REF_NOT_FOUND,
                "%s has no branch, tag or commit \"%s\"".formatted(source.url(), ref),
                hint
                        + branches()
                                .limit(NAMED_MAX)
                                .collect(Collectors.joining(
                                        ", ", "its branches: ", more > 0 ? " and %d more".formatted(more) : "")));
    }
}
