import { AttributeType } from '../attributes.js';
import { DataType } from '../dtypes.js';
import { nativeBackend } from '../nativeBackend.js';
import { type Tensor, tf } from '../tf.js';
import { type Op, runOp } from './define.js';

const ATTRIBUTES = [
  { name: 'batch_dims', type: AttributeType.TF_ATTR_INT, value: 0 },
  { name: 'Tparams', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT },
  { name: 'Tindices', type: AttributeType.TF_ATTR_TYPE, value: DataType.INT32 },
  { name: 'Taxis', type: AttributeType.TF_ATTR_TYPE, value: DataType.INT32 },
];

// tfjs's own kernel reads the ids first to check them, which a compiled function cannot; TensorFlow checks them anyway.
function rows(table: Tensor, ids: Tensor): Tensor {
  const native = nativeBackend();
  if (!native) return tf.gather(table, ids);
  return native.executeSingleOutput('GatherV2', ATTRIBUTES, [table, ids, tf.scalar(0, 'int32')]);
}

// wasm lacks UnsortedSegmentSum.
function addRows(dy: Tensor, ids: Tensor, count: number, width: number): Tensor {
  const sums = new Float32Array(count * width);
  const values = dy.dataSync();
  ids.dataSync().forEach((id, row) => {
    if (id < 0) return;
    for (let i = 0; i < width; i++) {
      sums[id * width + i] = (sums[id * width + i] as number) + (values[row * width + i] as number);
    }
  });
  return tf.tensor2d(sums, [count, width]);
}

/** Ids that gradients are added up by: a negative one, as that of padding becomes, is left out. */
const learning = (ids: Tensor, padding: number): Tensor =>
  padding < 0 ? ids : tf.where(tf.equal(ids, tf.scalar(padding, 'int32')), tf.scalar(-1, 'int32'), ids);

/** The gradient adds up the rows of equal ids; that of row `padding` is 0 (PyTorch's `padding_idx`), -1: none is. */
export const embeddingOp: Op = {
  name: 'VlgraftEmbedding',
  forward: ({ table, ids }) => [rows(table as Tensor, ids as Tensor)],
  saves: { inputs: ['table', 'ids'], outputs: [] },
  gradient: (dy, saved, { padding }) => {
    const [table, ids] = saved as [Tensor, Tensor];
    const [count, width] = table.shape as [number, number];
    const flat = (): [Tensor, Tensor] => [
      tf.reshape(dy, [-1, width]),
      learning(tf.reshape(ids, [-1]), padding as number),
    ];
    return {
      table: () => {
        const [d, at] = flat();
        return nativeBackend()
          ? tf.unsortedSegmentSum(d as never, at as never, count)
          : addRows(d, at, count, width);
      },
    };
  },
};

/**
 * Rows of a table.
 * @param table [rows, width]
 * @param ids int32 [...], each in [0, rows)
 * @param padding the row that is not learnt
 * @returns [..., width]
 */
export const embedding = (table: Tensor, ids: Tensor, padding = -1): Tensor =>
  runOp(embeddingOp, { table, ids: ids.dtype === 'int32' ? ids : tf.cast(ids, 'int32') }, { padding });
