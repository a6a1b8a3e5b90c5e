package dev.stoa.platform.bucket;

import dev.stoa.platform.bucket.Stored.Blob;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** A range of an object, read piece by piece. */
final class Slice extends InputStream {
    private static final int PIECE_BYTES = 1 << 20;

    private final BlobFiles files;
    private final List<Blob> blobs;
    private long from;
    private long left;
    private byte[] piece = new byte[0];
    private int at;

    Slice(BlobFiles files, List<Blob> blobs, ObjectOperations.Range range) {
        this.files = files;
        this.blobs = blobs;
        this.from = range.from();
        this.left = range.length();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (at == piece.length) {
            if (left == 0) {
                return -1;
            }
            int next = (int) Math.min(PIECE_BYTES, left);
            ByteArrayOutputStream out = new ByteArrayOutputStream(next);
            files.read(blobs, from, next, out);
            piece = out.toByteArray();
            at = 0;
            from += next;
            left -= next;
        }
        int count = Math.min(length, piece.length - at);
        System.arraycopy(piece, at, bytes, offset, count);
        at += count;
        return count;
    }
}
