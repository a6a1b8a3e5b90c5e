package dev.stoa.cli;

import dev.stoa.api.DeployKey;
import dev.stoa.api.GitConnection;
import dev.stoa.api.GitRequests.ConnectGit;
import dev.stoa.api.GitSource;
import dev.stoa.api.Json;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "git",
        description = {
            "Show the repository whose pushes deploy an app, and its webhook.",
            "To push to the platform itself: stoa git remote, then git push stoa main."
        })
final class GitSourceCommand implements Callable<Integer> {
    private final Session session;

    GitSourceCommand(Session session) {
        this.session = session;
    }

    private static String path(String app) {
        return Client.path("apps", app, "git", "connection");
    }

    @Override
    public Integer call() {
        show(
                session,
                session.withApp((client, app) -> client.get(path(app.value()), GitConnection.class)),
                session.client());
        return 0;
    }

    private static void show(Session session, GitConnection connection, Client client) {
        Terminal terminal = session.terminal();
        String webhook = client.platform().url() + connection.webhookPath();
        ObjectNode document = Json.MAPPER.valueToTree(connection);
        document.put("webhookUrl", webhook);
        String source = connection.url()
                + connection.branch().map(branch -> "#" + branch).orElse("");
        terminal.show(document, () -> {
            terminal.line("Repository       " + connection.url());
            terminal.line("Branch           " + connection.branch().orElse("the repository's default"));
            terminal.line("Webhook URL      " + webhook);
            terminal.line("Webhook secret   " + connection.webhookSecret());
            terminal.line("Content type     application/json");
            terminal.line("Events           push only");
            terminal.line("Deploy key       " + connection.deployKey());
            terminal.line("To deploy now: stoa deploy --git %s -a %s".formatted(source, connection.app()));
        });
        String host = String.valueOf(client.platform().url().getHost());
        if (host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]")) {
            terminal.note(
                    "Only this machine reaches %s. For a forge somewhere else let a reverse proxy pass on %s, or use: stoa up --api-host"
                            .formatted(host, connection.webhookPath()));
        }
    }

    @Command(
            name = "connect",
            description = {
                "Deploy the pushes to a branch of a repository from now on.",
                "Prints the webhook and the deploy key to enter at GitHub, GitLab, Gitea or Forgejo."
            })
    static final class Connect implements Callable<Integer> {
        private final Session session;

        @Parameters(
                paramLabel = "URL[#BRANCH]",
                description = "Such as git@github.com:you/shop.git#main; without a branch, the forge's default.")
        private String url = "";

        Connect(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            GitSource source = GitSource.parse(url);
            ConnectGit request = new ConnectGit(source.url().complete(), source.ref());
            show(
                    session,
                    session.withApp((client, app) -> client.post(path(app.value()), request, GitConnection.class)),
                    session.client());
            return 0;
        }
    }

    @Command(name = "disconnect", description = "Deploy the pushes to the app's repository no longer.")
    static final class Disconnect implements Callable<Integer> {
        private final Session session;

        Disconnect(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            String name = session.withApp((client, app) -> {
                client.delete(path(app.value()));
                return app.value();
            });
            Terminal terminal = session.terminal();
            terminal.show(
                    Map.of("app", name, "connected", false),
                    () -> terminal.line("%s is connected to no repository; what it runs goes on".formatted(name)));
            return 0;
        }
    }

    @Command(
            name = "key",
            description = {
                "Print the public key with which the platform reads an app's repository over SSH.",
                "Add it to the repository as a deploy key; reading is enough."
            })
    static final class Key implements Callable<Integer> {
        private final Session session;

        @Option(names = "--rotate", description = "Make a new one; the old one is of no use from then on.")
        private boolean rotate;

        Key(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            DeployKey key = session.withApp((client, app) -> {
                String path = Client.path("apps", app.value(), "git", "key");
                return rotate ? client.post(path, DeployKey.class) : client.get(path, DeployKey.class);
            });
            Terminal terminal = session.terminal();
            terminal.show(key, () -> terminal.line(key.publicKey()));
            return 0;
        }
    }
}
