package dev.stoa.e2e;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks over HTTP/2, for several things at once. */
record Http2Visitor(Crowd crowd, Crowd.Kind kind, Crowd.Target target, Tally tally) {
    private static final int STREAMS_MAX = 4;

    /** Of one connection: until it is told to go elsewhere, or the crowd goes. */
    void visit(EventLoopGroup loops) throws IOException {
        try (Http2Connection connection = Http2Connection.open(loops, target, kind.secure())) {
            boolean goesOn = true;
            while (goesOn && !crowd.over()) {
                goesOn = several(connection, 1 + ThreadLocalRandom.current().nextInt(STREAMS_MAX));
                Crowd.pause();
            }
        }
    }

    /** Whether the connection takes more. */
    private boolean several(Http2Connection connection, int count) throws IOException {
        int[] numbers = ThreadLocalRandom.current().ints(count, 0, 1 << 20).toArray();
        @SuppressWarnings({"unchecked", "rawtypes"})
        Optional<CompletableFuture<Http2Connection.Answer>>[] answers = new Optional[count];
        for (int i = 0; i < count; i++) {
            answers[i] = connection.ask(target.host(), kind.path(numbers[i]), kind.body(numbers[i]));
        }
        boolean goesOn = true;
        for (int i = 0; i < count; i++) {
            if (answers[i].isEmpty()) {
                goesOn = false;
                continue;
            }
            String wrong = wrong(answers[i].get(), kind.expected(numbers[i]));
            if (wrong.isEmpty()) {
                tally.answered();
            } else {
                tally.failed(wrong);
                goesOn = false;
            }
        }
        return goesOn;
    }

    private static String wrong(CompletableFuture<Http2Connection.Answer> answer, String expected) {
        try {
            Http2Connection.Answer is = answer.get(Crowd.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            return Http1Visitor.wrong(is.status(), is.body(), expected);
        } catch (ExecutionException e) {
            return String.valueOf(e.getCause());
        } catch (TimeoutException e) {
            return "no answer in " + Crowd.PATIENCE_MILLIS + " ms";
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
