package dev.stoa.platform.router.edge;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.aayushatharva.brotli4j.encoder.Encoder;
import com.aayushatharva.brotli4j.encoder.EncoderJNI;
import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.util.Native;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Compresses one body piece by piece, on one thread. The levels are low, since an event loop has other things to do: a piece of 64
 * KB takes less than a millisecond. What it holds outside the heap goes with {@link #close}, which has to be called.
 */
public abstract sealed class BodyEncoder implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(BodyEncoder.class.getName());
    private static final int OUT_BYTES = 8192;

    private BodyEncoder() {}

    public static BodyEncoder of(Coding coding) {
        return switch (coding) {
            case BR -> new Brotli();
            case ZSTD -> new Zstd();
            case GZIP -> new Gzip();
        };
    }

    /** Whether this machine has what the coding needs; loads it, which takes a while the first time. */
    public static boolean isAvailable(Coding coding) {
        try {
            switch (coding) {
                case BR -> Brotli4jLoader.ensureAvailability();
                case ZSTD -> Native.load();
                case GZIP -> {}
            }
            return true;
        } catch (LinkageError | RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot compress coding=" + coding.token(), e);
            return false;
        }
    }

    /** Takes a piece; what comes out may be nothing yet. The piece stays the caller's. */
    public abstract ByteBuf encode(ByteBuf piece, ByteBufAllocator allocator);

    /** Brings out all that went in. */
    public abstract ByteBuf flush(ByteBufAllocator allocator);

    /** Brings out the end. */
    public abstract ByteBuf finish(ByteBufAllocator allocator);

    @Override
    public abstract void close();

    private static final class Gzip extends BodyEncoder {
        private static final int LEVEL = 5;
        private static final byte[] HEADER = {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, (byte) 0xff};

        private final Deflater deflater = new Deflater(LEVEL, true);
        private final CRC32 sum = new CRC32();
        private boolean begun;

        @Override
        public ByteBuf encode(ByteBuf piece, ByteBufAllocator allocator) {
            ByteBuf out = begin(allocator);
            for (ByteBuffer part : piece.nioBuffers()) {
                sum.update(part.duplicate());
                deflater.setInput(part);
                deflate(out, Deflater.NO_FLUSH);
            }
            if (out.readableBytes() == HEADER.length && deflater.getBytesWritten() == 0) {
                // Alone it is not worth a packet.
                begun = false;
                out.clear();
            }
            return out;
        }

        @Override
        public ByteBuf flush(ByteBufAllocator allocator) {
            ByteBuf out = begin(allocator);
            deflate(out, Deflater.SYNC_FLUSH);
            return out;
        }

        @Override
        public ByteBuf finish(ByteBufAllocator allocator) {
            ByteBuf out = begin(allocator);
            deflater.finish();
            deflate(out, Deflater.NO_FLUSH);
            return out.writeIntLE((int) sum.getValue()).writeIntLE((int) deflater.getBytesRead());
        }

        private ByteBuf begin(ByteBufAllocator allocator) {
            ByteBuf out = allocator.directBuffer(OUT_BYTES);
            if (!begun) {
                begun = true;
                out.writeBytes(HEADER);
            }
            return out;
        }

        private void deflate(ByteBuf out, int mode) {
            int written;
            int room;
            do {
                out.ensureWritable(OUT_BYTES);
                room = out.writableBytes();
                written = deflater.deflate(out.nioBuffer(out.writerIndex(), room), mode);
                out.writerIndex(out.writerIndex() + written);
            } while (written == room);
        }

        @Override
        public void close() {
            deflater.end();
        }
    }

    private static final class Brotli extends BodyEncoder {
        private static final int QUALITY = 4;
        private static final int WINDOW_BITS = 18;
        private static final int IN_BYTES = 16_384;

        private final EncoderJNI.Wrapper encoder;

        Brotli() {
            try {
                encoder = new EncoderJNI.Wrapper(IN_BYTES, QUALITY, WINDOW_BITS, Encoder.Mode.GENERIC);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public ByteBuf encode(ByteBuf piece, ByteBufAllocator allocator) {
            ByteBuf out = allocator.directBuffer(OUT_BYTES);
            int at = piece.readerIndex();
            while (at < piece.writerIndex()) {
                ByteBuffer in = encoder.getInputBuffer();
                in.clear();
                in.limit(Math.min(in.capacity(), piece.writerIndex() - at));
                int length = in.remaining();
                piece.getBytes(at, in);
                at += length;
                push(EncoderJNI.Operation.PROCESS, length, out);
            }
            return out;
        }

        @Override
        public ByteBuf flush(ByteBufAllocator allocator) {
            ByteBuf out = allocator.directBuffer(OUT_BYTES);
            push(EncoderJNI.Operation.FLUSH, 0, out);
            return out;
        }

        @Override
        public ByteBuf finish(ByteBufAllocator allocator) {
            ByteBuf out = allocator.directBuffer(OUT_BYTES);
            push(EncoderJNI.Operation.FINISH, 0, out);
            return out;
        }

        private void push(EncoderJNI.Operation operation, int length, ByteBuf out) {
            encoder.push(operation, length);
            while (true) {
                if (!encoder.isSuccess()) {
                    throw new IllegalStateException("brotli failed");
                }
                if (encoder.hasMoreOutput()) {
                    out.writeBytes(encoder.pull());
                } else if (encoder.hasRemainingInput()) {
                    encoder.push(operation, 0);
                } else {
                    return;
                }
            }
        }

        @Override
        public void close() {
            encoder.destroy();
        }
    }

    private static final class Zstd extends BodyEncoder {
        private static final int LEVEL = 3;
        private static final int WINDOW_BITS = 18;

        private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

        private final ZstdCompressCtx context =
                new ZstdCompressCtx().setLevel(LEVEL).setWindowLog(WINDOW_BITS);

        @Override
        public ByteBuf encode(ByteBuf piece, ByteBufAllocator allocator) {
            ByteBuf out = allocator.directBuffer(OUT_BYTES);
            if (piece.nioBufferCount() == 1 && piece.isDirect()) {
                compress(piece.nioBuffer(), EndDirective.CONTINUE, out);
            } else {
                ByteBuf direct = allocator.directBuffer(piece.readableBytes());
                try {
                    direct.writeBytes(piece, piece.readerIndex(), piece.readableBytes());
                    compress(direct.nioBuffer(), EndDirective.CONTINUE, out);
                } finally {
                    direct.release();
                }
            }
            return out;
        }

        @Override
        public ByteBuf flush(ByteBufAllocator allocator) {
            return end(allocator, EndDirective.FLUSH);
        }

        @Override
        public ByteBuf finish(ByteBufAllocator allocator) {
            return end(allocator, EndDirective.END);
        }

        private ByteBuf end(ByteBufAllocator allocator, EndDirective how) {
            ByteBuf out = allocator.directBuffer(OUT_BYTES);
            compress(NOTHING.duplicate(), how, out);
            return out;
        }

        private void compress(ByteBuffer in, EndDirective how, ByteBuf out) {
            boolean done;
            do {
                out.ensureWritable(OUT_BYTES);
                ByteBuffer room = out.nioBuffer(out.writerIndex(), out.writableBytes());
                int before = room.position();
                done = context.compressDirectByteBufferStream(room, in, how);
                out.writerIndex(out.writerIndex() + room.position() - before);
            } while (how == EndDirective.CONTINUE ? in.hasRemaining() : !done);
        }

        @Override
        public void close() {
            context.close();
        }
    }
}
