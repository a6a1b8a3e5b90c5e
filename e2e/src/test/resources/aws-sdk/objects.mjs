// What an app does with a bucket by the AWS SDK for JavaScript. Ends with an error at the first thing that is not as it has to be.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import * as s3 from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const Bucket = process.argv[2];
// Names below localhost are this machine's own, which not every resolver knows.
const lookup = (name, options, done) =>
    options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
const httpAgent = new http.Agent({ lookup, keepAlive: true });

function request(method, url, body = '') {
  return new Promise((done, failed) => {
    const sent = http.request(url, { method, agent: httpAgent }, answer => {
      let text = '';
      answer.on('data', piece => (text += piece)).on('end', () => done({ status: answer.statusCode, text }));
    });
    sent.on('error', failed).end(body);
  });
}

for (const forcePathStyle of [false, true]) {
  const client = new s3.S3Client({ forcePathStyle, requestHandler: { httpAgent } });
  const send = command => client.send(command);
  const text = async (Key, more) => {
    const got = await send(new s3.GetObjectCommand({ Bucket, Key, ...more }));
    return [await got.Body.transformToString(), got];
  };

  const Key = `a/ü & +%/${forcePathStyle}`;
  await send(new s3.PutObjectCommand({
    Bucket, Key, Body: '0123456789', ContentType: 'text/plain', CacheControl: 'max-age=60', Metadata: { colour: 'blue' },
  }));
  const [whole, got] = await text(Key);
  assert.equal(whole, '0123456789');
  assert.deepEqual([got.ContentType, got.CacheControl, got.Metadata], ['text/plain', 'max-age=60', { colour: 'blue' }]);
  const [some, part] = await text(Key, { Range: 'bytes=2-4' });
  assert.deepEqual([some, part.ContentRange], ['234', 'bytes 2-4/10']);

  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256']) {
    // A stream whose length is known goes in chunks with a trailer.
    await send(new s3.PutObjectCommand({
      Bucket, Key: 'sums', Body: Readable.from([Buffer.from('streamed')]), ContentLength: 8, ChecksumAlgorithm,
    }));
    const [read, summed] = await text('sums', { ChecksumMode: 'ENABLED' });
    assert.equal(read, 'streamed');
    assert.ok(summed[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
  }

  const large = randomBytes(11 << 20);
  await new Upload({ client, params: { Bucket, Key: 'large', Body: large }, partSize: 5 << 20 }).done();
  await send(new s3.CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/large` }));
  const copy = await send(new s3.GetObjectCommand({ Bucket, Key: 'copy' }));
  const hash = bytes => createHash('sha256').update(bytes).digest('hex');
  assert.equal(hash(await copy.Body.transformToByteArray()), hash(large));
  assert.match((await send(new s3.HeadObjectCommand({ Bucket, Key: 'copy' }))).ETag, /-3"$/);

  const keys = [];
  for await (const page of s3.paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) {
    keys.push(...page.Contents.map(object => object.Key));
  }
  assert.deepEqual(keys, [...keys].sort());
  assert.ok(keys.includes(Key) && keys.includes('copy'));
  const level = await send(new s3.ListObjectsV2Command({ Bucket, Delimiter: '/' }));
  assert.deepEqual(level.CommonPrefixes, [{ Prefix: 'a/' }]);

  const put = await getSignedUrl(client, new s3.PutObjectCommand({ Bucket, Key: 'signed' }), { expiresIn: 60 });
  assert.equal((await request('PUT', put, 'by url')).status, 200);
  const get = await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: 'signed' }), { expiresIn: 60 });
  assert.equal((await request('GET', get)).text, 'by url');
  assert.equal((await request('GET', get.replace('signed', 'copy'))).status, 403);

  const objects = [...keys, 'signed', 'never'].map(each => ({ Key: each }));
  const gone = await send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: objects } }));
  assert.deepEqual([gone.Deleted.length, gone.Errors ?? []], [objects.length, []]);
  await assert.rejects(text('copy'), { name: 'NoSuchKey' });
  await assert.rejects(send(new s3.HeadObjectCommand({ Bucket: 'elsewhere', Key: 'x' })));
}
console.log('as it has to be');
