package dev.stoa.cli;

import dev.stoa.api.BucketRequests.Signed;
import dev.stoa.api.Json;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is in a bucket, for people without the tools of Amazon. */
final class BucketFilesCommands {
    private BucketFilesCommands() {}

    static String signed(Session session, String bucket, String what, String query) {
        String path = BucketCommand.path(session, bucket, what);
        return session.client()
                .get(path + (path.contains("?") ? "&" : "?") + query, Signed.class)
                .url();
    }

    /** Page by page; returns how many there were. */
    static long list(Session session, String bucket, String prefix, boolean all, Consumer<ObjectTransfer.Line> each) {
        Optional<String> token = Optional.of("");
        long count = 0;
        while (token.isPresent()) {
            String query = "prefix=" + Client.escape(prefix)
                    + (all ? "" : "&delimiter=" + Client.escape("/"))
                    + (token.get().isEmpty() ? "" : "&token=" + Client.escape(token.get()));
            ObjectTransfer.Page page = ObjectTransfer.page(signed(session, bucket, "list-url", query));
            page.lines().forEach(each);
            count += page.lines().size();
            token = page.next();
        }
        return count;
    }

    /** Text that goes into a line as it is: a key may have any characters. */
    static String shown(String key) {
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
            long count = list(session, name, prefix, all, this::print);
            if (count == 0 && !session.terminal().json()) {
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
}
