package dev.stoa.cli;

import dev.stoa.api.AppName;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What makes {@code git push stoa main} work. */
final class GitCommand {
    private GitCommand() {}

    @Command(
            name = "remote",
            description = {
                "Make the app's repository on the platform the remote \"stoa\" of a git repository.",
                "git asks for no password then: the repository's own config names this program for it."
            })
    static final class Remote implements Callable<Integer> {
        private static final String NAME = "stoa";
        private static final Pattern BASE = Pattern.compile("(https?://)(?:[^/@]*@)?([^/]+)/.*");

        private final Session session;

        @Parameters(paramLabel = "PATH", arity = "0..1", description = "The folder; the one you are in unless given.")
        private Path path = Path.of("");

        Remote(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            GitProgram git =
                    GitProgram.at(session.environment().folder().resolve(path).normalize());
            AppName app = session.app(git.folder()).app();
            URI platform = session.client().platform().url();
            String url = "%s/git/%s.git".formatted(platform, app);
            Optional<String> before = git.tell("config", "--local", "remote.%s.url".formatted(NAME));
            before.map(BASE::matcher)
                    .filter(Matcher::matches)
                    .ifPresent(old ->
                            git.tell("config", "--local", "--unset-all", helperKey(old.group(1) + old.group(2))));
            if (before.isPresent()) {
                git.run("remote", "set-url", NAME, url);
            } else {
                git.run("remote", "add", NAME, url);
            }
            nameTheHelper(git, platform);
            show(git, app, url);
            return 0;
        }

        private void nameTheHelper(GitProgram git, URI platform) {
            String key = helperKey("%s://%s".formatted(platform.getScheme(), platform.getRawAuthority()));
            String home = session.environment()
                    .variable("STOA_HOME")
                    .map(folder -> "STOA_HOME=%s "
                            .formatted(quoted(session.environment().home().toString())))
                    .orElse("");
            String helper = "!%s%s git credential"
                    .formatted(home, quoted(session.environment().requiredLauncher()));
            // The empty one makes git forget the helpers of the user and the machine, which would keep the token.
            git.run("config", "--local", "--replace-all", key, "");
            git.run("config", "--local", "--add", key, helper);
        }

        private static String helperKey(String platform) {
            return "credential.%s.helper".formatted(platform);
        }

        private static String quoted(String word) {
            return "'" + word.replace("'", "'\\''") + "'";
        }

        private void show(GitProgram git, AppName app, String url) {
            Terminal terminal = session.terminal();
            String branch = git.tell("symbolic-ref", "--short", "HEAD").orElse("HEAD");
            boolean deployed = List.of("main", "master").contains(branch);
            String push = "git push %s %s".formatted(NAME, deployed ? branch : branch + ":main");
            Map<String, String> document = Map.of(
                    "app",
                    app.value(),
                    "remote",
                    NAME,
                    "url",
                    url,
                    "folder",
                    git.folder().toString(),
                    "push",
                    push);
            terminal.show(document, () -> {
                terminal.line("The remote %s of %s is %s".formatted(NAME, git.folder(), url));
                terminal.line("Next: " + push);
            });
        }
    }

    /** What git runs when the platform asks it for a password. By git's protocol, whoever has no answer says nothing. */
    @Command(
            name = "credential",
            hidden = true,
            description = "Answer git's question for the password of the platform, and of nothing else.")
    static final class Credential implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "OPERATION", description = "get; store and erase do nothing.")
        private String operation = "";

        Credential(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            List<String> asked = terminal.input();
            if (operation.equals("get")) {
                PlatformAddress platform = PlatformAddress.find(session.environment());
                URI url = platform.url();
                if (asked.contains("protocol=" + url.getScheme()) && asked.contains("host=" + url.getRawAuthority())) {
                    terminal.show(
                            Map.of("username", "stoa", "password", platform.token()),
                            () -> terminal.line("username=stoa\npassword=" + platform.token()));
                }
            }
            return 0;
        }
    }
}
