package dev.stoa.cli;

import dev.stoa.api.BucketRequests.Signed;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is in a bucket, for people without the tools of Amazon. */
final class BucketFilesCommands {
    private static final String SCHEME = "s3://";

    private BucketFilesCommands() {}

    private static Signed signed(Session session, String bucket, String what, String query) {
        String path = BucketCommand.path(session, bucket, what);
        return session.client().get(path + (path.contains("?") ? "&" : "?") + query, Signed.class);
    }

    /** Text that goes into a line as it is: a key may have any characters. */
    private static String shown(String key) {
        StringBuilder text = new StringBuilder();
        key.codePoints()
                .forEach(c -> text.append(Character.isISOControl(c) ? "\\u%04x".formatted(c) : Character.toString(c)));
        return text.toString();
    }

    @Command(
            name = "ls",
            description = "List the objects of a bucket: one level of its folders, or with --all everything.")
    static final class ListObjects implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        @Parameters(index = "1", arity = "0..1", paramLabel = "PREFIX", description = "Of the keys, such as 2026/.")
        private String prefix = "";

        @Option(names = "--all", description = "Also what is in folders.")
        private boolean all;

        ListObjects(Session session) {
            this.session = session;
        }

        /** Page by page: a bucket may have more objects than this program has memory for their names. */
        @Override
        public Integer call() {
            Optional<String> token = Optional.of("");
            boolean empty = true;
            while (token.isPresent()) {
                String query = "prefix=" + Client.escape(prefix)
                        + (all ? "" : "&delimiter=" + Client.escape("/"))
                        + (token.get().isEmpty() ? "" : "&token=" + Client.escape(token.get()));
                ObjectTransfer.Page page = ObjectTransfer.page(
                        signed(session, name, "list-url", query).url());
                page.lines().forEach(this::print);
                empty &= page.lines().isEmpty();
                token = page.next();
            }
            if (empty && !session.terminal().json()) {
                session.terminal()
                        .line(prefix.isEmpty() ? "No objects." : "No objects that begin with " + prefix + ".");
            }
            return 0;
        }

        private void print(ObjectTransfer.Line line) {
            Terminal terminal = session.terminal();
            terminal.line(
                    terminal.json()
                            ? Json.write(line)
                            : "%-24s %14s  %s"
                                    .formatted(
                                            line.modifiedAt().orElse(""),
                                            line.sizeBytes()
                                                    .map(String::valueOf)
                                                    .orElse("-"),
                                            shown(line.key())));
        }
    }

    @Command(
            name = "cp",
            description = "Copy a file to a bucket, or an object to a file: one of both is s3://NAME/KEY.")
    static final class Copy implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "FROM", description = "A file, or s3://NAME/KEY.")
        private String from = "";

        @Parameters(index = "1", paramLabel = "TO", description = "s3://NAME/KEY, or a file or folder.")
        private String to = "";

        Copy(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            if (from.startsWith(SCHEME) == to.startsWith(SCHEME)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        from.startsWith(SCHEME)
                                ? "both are in buckets, and this copies between a bucket and this machine"
                                : "neither \"%s\" nor \"%s\" is in a bucket".formatted(from, to),
                        "for example: stoa bucket cp cat.jpg s3://photos/cat.jpg");
            }
            boolean up = to.startsWith(SCHEME);
            long bytes = up ? up() : down();
            session.terminal()
                    .show(
                            Map.of("from", from, "to", to, "bytes", bytes),
                            () -> session.terminal().line("Copied %s to %s, %d bytes.".formatted(from, to, bytes)));
            return 0;
        }

        private long up() {
            Path file = Path.of(from);
            if (!Files.isRegularFile(file)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s is %s".formatted(from, Files.isDirectory(file) ? "a folder" : "no file"),
                        "one file at a time; for folders: eval \"$(stoa bucket keys NAME)\", then aws s3 sync");
            }
            String key = key(to);
            if (key.isEmpty() || key.endsWith("/")) {
                key += file.getFileName();
                to = SCHEME + bucket(to) + "/" + key;
            }
            return ObjectTransfer.upload(
                    file,
                    signed(session, bucket(to), "url", "method=PUT&key=" + Client.escape(key))
                            .url());
        }

        private long down() {
            String key = key(from);
            if (key.isEmpty()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s names no object".formatted(from),
                        "for example: stoa bucket cp s3://photos/cat.jpg .");
            }
            Path file = Path.of(to);
            if (Files.isDirectory(file)) {
                String last = key.replaceFirst("/+$", "").replaceFirst(".*/", "");
                if (last.isEmpty() || last.equals(".") || last.equals("..")) {
                    throw new StoaException(
                            ErrorCode.BAD_REQUEST, "%s gives no name for a file".formatted(from), "name the file, too");
                }
                file = file.resolve(last);
                to = file.toString();
            }
            return ObjectTransfer.download(
                    signed(session, bucket(from), "url", "key=" + Client.escape(key))
                            .url(),
                    file);
        }

        private static String bucket(String place) {
            return place.substring(SCHEME.length()).replaceFirst("/.*", "");
        }

        private static String key(String place) {
            String rest = place.substring(SCHEME.length());
            int slash = rest.indexOf('/');
            return slash < 0 ? "" : rest.substring(slash + 1);
        }
    }
}
