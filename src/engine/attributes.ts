/** Kinds of attribute, numbered as the kernels of tfjs-node-gpu expect of their binding. */
export const AttributeType = {
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
} as const;

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[] | readonly string[];
}

/** Attributes of the op Cast, between two dtypes of TensorFlow. */
export const castAttributes = (from: number, to: number): readonly Attribute[] => [
  { name: 'SrcT', type: AttributeType.TF_ATTR_TYPE, value: from },
  { name: 'DstT', type: AttributeType.TF_ATTR_TYPE, value: to },
];
