package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Descriptors;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The process that this one is to follow, as this one sees it. */
final class Predecessor implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Predecessor.class.getName());

    private static final Duration DESCRIPTORS_MAX = Duration.ofSeconds(30);

    private final Path meeting;
    private final SocketChannel talk;

    private Predecessor(Path meeting, SocketChannel talk) {
        this.meeting = meeting;
        this.talk = talk;
    }

    /** The one that started this process to be followed by it; empty if there is none. */
    static Optional<Predecessor> meet(Map<String, String> environment) {
        return Optional.ofNullable(environment.get(Turn.VARIABLE)).map(Path::of).map(meeting -> {
            try {
                return new Predecessor(
                        meeting, SocketChannel.open(UnixDomainSocketAddress.of(meeting.resolve(Turn.WORDS))));
            } catch (IOException e) {
                throw gone(e);
            }
        });
    }

    /** Says that this process is ready, and waits until its turn has come. */
    Turn awaitTurn() {
        try {
            say(new Turn.Ready(Version.CURRENT));
            String line =
                    new BufferedReader(Channels.newReader(talk, StandardCharsets.UTF_8.newDecoder(), -1)).readLine();
            if (line == null) {
                throw new IOException("it hung up");
            }
            return Json.read(line, Turn.class);
        } catch (IOException e) {
            throw gone(e);
        }
    }

    /** The descriptors of its listening sockets, now of this process, too, by name. */
    Map<String, Integer> sockets(Turn turn) {
        try {
            List<Integer> taken = Descriptors.take(
                    meeting.resolve(Turn.DESCRIPTORS), turn.sockets().size(), DESCRIPTORS_MAX);
            Map<String, Integer> sockets = new TreeMap<>();
            for (int i = 0; i < taken.size(); i++) {
                sockets.put(turn.sockets().get(i), taken.get(i));
            }
            return sockets;
        } catch (IOException e) {
            throw gone(e);
        }
    }

    /** This process serves now: the other one may go. */
    void serving() {
        sayIfThere(new Turn.Serving(ProcessHandle.current().pid()));
    }

    /** This process cannot follow. */
    void failed(StoaException why) {
        sayIfThere(new Turn.Failed(why.message(), why.hint().orElse("")));
    }

    private void sayIfThere(Object word) {
        try {
            say(word);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the platform before this one is gone already", e);
        }
    }

    private void say(Object word) throws IOException {
        ByteBuffer line = StandardCharsets.UTF_8.encode(Json.write(word) + "\n");
        while (line.hasRemaining()) {
            int _ = talk.write(line);
        }
    }

    private static StoaException gone(IOException e) {
        return new StoaException(
                ErrorCode.INTERNAL,
                "the platform that this one was to follow does not leave its place: " + e.getMessage(),
                "",
                e);
    }

    @Override
    public void close() {
        try {
            talk.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "hanging up failed", e);
        }
    }
}
