package dev.stoa.platform.engine;

import dev.stoa.api.TerminalSize;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A command whose standard streams are in the caller's hands. With a terminal, {@link #output} has all that it shows and
 * {@link #errors} nothing.
 *
 * <p>Reading and writing block in the operating system, so they are for platform threads: a virtual one would hold its
 * carrier.
 */
public interface Attached extends AutoCloseable {
    InputStream output();

    InputStream errors();

    /** What the command reads. To close it is the end of a pipe; a terminal ends by the character of Ctrl-D. */
    OutputStream input();

    /** Tells the command that its terminal has another size. Does nothing without one. */
    void resize(TerminalSize size);

    /** Waits until the command has ended. */
    Exit await() throws InterruptedException;

    /** Ends the command, if it still runs, and leaves nothing of it behind. */
    @Override
    void close();
}
