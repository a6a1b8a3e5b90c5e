package dev.stoa.cli;

import dev.stoa.api.Certificate;
import dev.stoa.api.CertificateAuthority;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Requests.AddCertificate;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "certs", description = "List the certificates that hosts have, and their state.")
final class CertsCommand implements Callable<Integer> {
    private final Session session;

    CertsCommand(Session session) {
        this.session = session;
    }

    static CommandLine line(Session session) {
        return new CommandLine(new CertsCommand(session))
                .addSubcommand(new Add(session))
                .addSubcommand(new Remove(session))
                .addSubcommand(new Renew(session))
                .addSubcommand(new Trust(session));
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<Certificate> all = session.client().list(Client.path("certificates"), Certificate.class);
        terminal.show(all, () -> {
            if (all.isEmpty()) {
                terminal.line("No host has a certificate of its own; the platform's own authority vouches for all.");
                terminal.line("To believe it: stoa certs trust");
                return;
            }
            Table table = new Table("HOST", "SOURCE", "ISSUER", "EXPIRES", "STATE");
            all.forEach(one -> table.row(
                    one.host(),
                    one.source(),
                    one.issuer().isEmpty() ? "-" : one.issuer(),
                    one.expiresAt().map(CertsCommand::day).orElse("-"),
                    one.state()));
            table.print(terminal);
            all.stream()
                    .filter(one -> !one.detail().isEmpty() && !one.state().equals("local"))
                    .forEach(one -> terminal.line(one.host() + ": " + one.detail()));
        });
        return 0;
    }

    static String day(Instant time) {
        return time.truncatedTo(ChronoUnit.DAYS).toString().substring(0, "2026-01-01".length());
    }

    private static String sentence(Certificate one) {
        return "%s: %s%s%s"
                .formatted(
                        one.host(),
                        one.state(),
                        one.expiresAt().map(time -> ", until " + day(time)).orElse(""),
                        one.issuer().isEmpty() ? "" : ", issued by " + one.issuer());
    }

    @Command(name = "add", description = "Show a certificate of your own to those who ask for a host.")
    static final class Add implements Callable<Integer> {
        private static final long FILE_BYTES_MAX = 256 * 1024;

        private final Session session;

        @Parameters(paramLabel = "HOST", description = "Such as shop.example.com, or *.example.com.")
        private String host = "";

        @Option(
                names = "--cert",
                paramLabel = "FILE",
                required = true,
                description = "The host's certificate and those of its issuers, in PEM form.")
        private Path chain = Path.of("");

        @Option(names = "--key", paramLabel = "FILE", required = true, description = "Its private key, in PEM form.")
        private Path key = Path.of("");

        Add(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Certificate added = session.client()
                    .post(
                            Client.path("certificates"),
                            new AddCertificate(host, read("--cert", chain), read("--key", key)),
                            Certificate.class);
            session.terminal().show(added, () -> session.terminal().line(sentence(added)));
            return 0;
        }

        private String read(String option, Path file) {
            Path path = session.environment().folder().resolve(file);
            try {
                if (Files.size(path) > FILE_BYTES_MAX) {
                    throw new StoaException(
                            ErrorCode.BAD_CERTIFICATE,
                            "%s %s is larger than %d KB".formatted(option, file, FILE_BYTES_MAX / 1024),
                            "it names a file with a few certificates or a key, in PEM form");
                }
                // Bytes that are no text are no PEM either; the platform says so.
                return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
            } catch (NoSuchFileException e) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "%s %s: there is no such file".formatted(option, file), "", e);
            } catch (IOException e) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "%s %s cannot be read: %s".formatted(option, file, Reason.of(e)), "", e);
            }
        }
    }

    @Command(name = "remove", description = "Show the certificate of a host no longer.")
    static final class Remove implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "HOST", description = "As stoa certs prints it.")
        private String host = "";

        Remove(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            session.client().delete(Client.path("certificates", host));
            session.terminal()
                    .show(Map.of("host", host), () -> session.terminal().line("%s: removed".formatted(host)));
            return 0;
        }
    }

    @Command(name = "renew", description = "Order a certificate for a host now, whatever happened before.")
    static final class Renew implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "HOST", description = "A domain of an app.")
        private String host = "";

        Renew(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Certificate renewed =
                    session.client().post(Client.path("certificates", host, "renew"), Map.of(), Certificate.class);
            session.terminal().show(renewed, () -> session.terminal().line(sentence(renewed)));
            return 0;
        }
    }

    @Command(
            name = "trust",
            description = {
                "Say how to believe the platform's own certificate authority, which vouches for *.localhost.",
                "Changes nothing by itself."
            })
    static final class Trust implements Callable<Integer> {
        private final Session session;

        Trust(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            CertificateAuthority own =
                    session.client().get(Client.path("certificate-authority"), CertificateAuthority.class);
            Terminal terminal = session.terminal();
            terminal.show(own, () -> {
                terminal.line(own.file());
                terminal.line("  SHA-256 " + own.fingerprint());
                terminal.line("");
                terminal.line(
                        "Whoever believes it believes everything that its key signs, and the key stays in that folder.");
                terminal.line("Debian, Ubuntu, and curl and most programs there:");
                terminal.line("  sudo cp '%s' /usr/local/share/ca-certificates/stoa.crt && sudo update-ca-certificates"
                        .formatted(own.file()));
                terminal.line("Chromium and Chrome on Linux (apt-get install libnss3-tools):");
                terminal.line("  certutil -d sql:\"$HOME/.pki/nssdb\" -A -t C,, -n stoa -i '%s'".formatted(own.file()));
                terminal.line(
                        "Firefox: Settings > Privacy & Security > Certificates > View Certificates > Authorities >");
                terminal.line(
                        "  Import, or about:config > security.enterprise_roots.enabled where the system believes it");
                terminal.line("macOS:");
                terminal.line(
                        "  sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain '%s'"
                                .formatted(own.file()));
                terminal.line("One command alone: curl --cacert '%s' …".formatted(own.file()));
            });
            return 0;
        }
    }
}
