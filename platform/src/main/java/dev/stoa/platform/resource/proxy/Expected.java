package dev.stoa.platform.resource.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The answers that are to come from a server, in their order; among them those that the client did not ask for, and those that
 * it gets although the server was not asked.
 */
final class Expected {
    /** What was asked, by what is answered. */
    enum Kind {
        PARSE,
        BIND,
        CLOSE,
        DESCRIBE,
        EXECUTE,
        /** Sync, Query and FunctionCall: ReadyForQuery ends them. */
        READY,
        /** Answered here. */
        HERE
    }

    /**
     * @param hidden    whether the client does not know of it
     * @param statement that there is on the server if it went well, by its name there
     */
    private record Answer(Kind kind, boolean hidden, Optional<String> statement, byte letter) {}

    private final Deque<Answer> answers = new ArrayDeque<>();
    private final Consumer<ByteBuf> toClient;
    private final Consumer<String> notMade;

    /** After an error the server answers nothing until the next Sync. */
    private boolean skipping;

    /**
     * @param notMade is told of statements that the server was to make, and has not
     */
    Expected(Consumer<ByteBuf> toClient, Consumer<String> notMade) {
        this.toClient = toClient;
        this.notMade = notMade;
    }

    void ask(Kind kind) {
        add(new Answer(kind, false, Optional.empty(), (byte) 0));
    }

    void parse(String statement, boolean hidden) {
        add(new Answer(Kind.PARSE, hidden, Optional.of(statement), (byte) 0));
    }

    void hiddenClose() {
        add(new Answer(Kind.CLOSE, true, Optional.empty(), (byte) 0));
    }

    /** An answer without a body, in its turn. */
    void here(char letter) {
        add(new Answer(Kind.HERE, false, Optional.empty(), (byte) letter));
        answerHere();
    }

    private void add(Answer answer) {
        if (answer.kind() == Kind.READY) {
            skipping = false;
        }
        if (skipping) {
            answer.statement().ifPresent(notMade);
            return;
        }
        answers.add(answer);
    }

    boolean isEmpty() {
        return answers.isEmpty();
    }

    /**
     * A message has come from the server.
     *
     * @return whether the client gets it
     */
    boolean came(byte type) {
        Answer head = answers.peek();
        if (head == null) {
            return true;
        }
        boolean done = switch (type) {
            case '1' -> head.kind() == Kind.PARSE;
            case '2' -> head.kind() == Kind.BIND;
            case '3' -> head.kind() == Kind.CLOSE;
            case 'n', 'T' -> head.kind() == Kind.DESCRIBE;
            case 'C', 'I', 's' -> head.kind() == Kind.EXECUTE;
            case 'Z' -> head.kind() == Kind.READY;
            default -> false;
        };
        if (!done) {
            if (type == 'E') {
                failed();
            }
            return true;
        }
        answers.remove();
        return !head.hidden();
    }

    /** To be said after what came has been passed on. */
    void answerHere() {
        while (!answers.isEmpty() && answers.element().kind() == Kind.HERE) {
            toClient.accept(Unpooled.buffer(1 + Integer.BYTES)
                    .writeByte(answers.remove().letter())
                    .writeInt(Integer.BYTES));
        }
    }

    private void failed() {
        while (!answers.isEmpty() && answers.element().kind() != Kind.READY) {
            answers.remove().statement().ifPresent(notMade);
        }
        skipping = answers.isEmpty();
    }

    /**
     * The server takes data now, and no heed of a Sync until it has all.
     *
     * @return whether there was one
     */
    boolean copyBegins() {
        Answer head = answers.peek();
        return head != null && head.kind() == Kind.EXECUTE && answers.removeIf(answer -> answer.kind() == Kind.READY);
    }
}
