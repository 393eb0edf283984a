// Made by node scripts/recipeTypes.mjs from recipes/schema.json.
import type { Json } from '../base/json.js';

/** What every recipe may have. */
interface RecipeBase {
  /** Where this schema lies, for editors; absent: no completion. */ readonly $schema?: string;
  /** Name of the run: letters, digits, dots, dashes and underscores, at most 100. */
  readonly name: string;
  /** What it is for, in a few words; nothing depends on it. Absent: it is not told. */
  readonly description?: string;
  /** Same seed and data, same result: weights, order, masks and dropout are drawn from it. */
  readonly seed?: number;
  /** The pretrained model that adapters are put on: exactly one of `from` and `create`. */
  readonly backbone: {
    /** A shipped backbone, a folder with config.json and model.safetensors, or a model of the hub that is in the cache of Hugging Face; absent: `create` is given. */
    readonly from?: string;
    /** Config of a backbone with random weights, for pretraining; absent: `from` is given. */
    readonly create?:
      | {
          /** The kind of model. */
          readonly model_type: 'bert' | 'visual_bert';
          /** tokens of the vocabulary */
          readonly vocab_size?: number;
          /** width of the hidden states */
          readonly hidden_size?: number;
          /** transformer layers */
          readonly num_hidden_layers?: number;
          /** attention heads; divides hidden_size */
          readonly num_attention_heads?: number;
          /** width inside the feed-forward part */
          readonly intermediate_size?: number;
          /** activation of the feed-forward part */
          readonly hidden_act?:
            | 'gelu'
            | 'gelu_python'
            | 'gelu_10'
            | 'gelu_accurate'
            | 'gelu_fast'
            | 'gelu_new'
            | 'gelu_python_tanh'
            | 'gelu_pytorch_tanh'
            | 'laplace'
            | 'leaky_relu'
            | 'linear'
            | 'mish'
            | 'quick_gelu'
            | 'relu'
            | 'relu2'
            | 'relu6'
            | 'sigmoid'
            | 'silu'
            | 'swish'
            | 'tanh';
          /** added to the variance in LayerNorm */
          readonly layer_norm_eps?: number;
          /** standard deviation of new weights */
          readonly initializer_range?: number;
          /** tokens that a text may have */
          readonly max_position_embeddings?: number;
          /** segments */
          readonly type_vocab_size?: number;
          /** rate of dropout on hidden states, where training.backboneDropout is "config" */
          readonly hidden_dropout_prob?: number;
          /** rate of dropout on attention probabilities, where training.backboneDropout is "config" */
          readonly attention_probs_dropout_prob?: number;
          /** the token that pads, whose word embedding is not learnt; null: there is none; absent: 0 (bert) or 1 (visual_bert). A backbone made by a run always takes that of its tokenizer */
          readonly pad_token_id?: number | null;
          /** false: no pooler, the pooled output is the hidden state of the first token */
          readonly add_pooling_layer?: boolean;
          /** false: the masked-word head has a decoder of its own beside the word embeddings */
          readonly tie_word_embeddings?: boolean;
          /** width of a region feature (visual_bert) */
          readonly visual_embedding_dim?: number;
          /** new segment and position embeddings of regions start as copies of those of text (visual_bert) */
          readonly special_visual_initialize?: boolean;
          /** width of a region box, 0: boxes are not read (visual_bert) */
          readonly visual_box_dim?: number;
        }
      | {
          /** The kind of model. */
          readonly model_type: 'vilt';
          /** tokens of the vocabulary */
          readonly vocab_size?: number;
          /** width of the hidden states */
          readonly hidden_size?: number;
          /** transformer layers */
          readonly num_hidden_layers?: number;
          /** attention heads; divides hidden_size */
          readonly num_attention_heads?: number;
          /** width inside the feed-forward part */
          readonly intermediate_size?: number;
          /** activation of the feed-forward part */
          readonly hidden_act?:
            | 'gelu'
            | 'gelu_python'
            | 'gelu_10'
            | 'gelu_accurate'
            | 'gelu_fast'
            | 'gelu_new'
            | 'gelu_python_tanh'
            | 'gelu_pytorch_tanh'
            | 'laplace'
            | 'leaky_relu'
            | 'linear'
            | 'mish'
            | 'quick_gelu'
            | 'relu'
            | 'relu2'
            | 'relu6'
            | 'sigmoid'
            | 'silu'
            | 'swish'
            | 'tanh';
          /** added to the variance in LayerNorm */
          readonly layer_norm_eps?: number;
          /** standard deviation of new weights */
          readonly initializer_range?: number;
          /** tokens that a text may have */
          readonly max_position_embeddings?: number;
          /** segments of the text */
          readonly type_vocab_size?: number;
          /** text, picture and, where it is 3, a second picture */
          readonly modality_type_vocab_size?: number;
          /** side in pixels of a square picture that has a position of its own for each patch; those of others are interpolated */
          readonly image_size?: number;
          /** height and width of a patch */
          readonly patch_size?: number;
          /** patches of a picture at most, spread evenly over it; -1: all */
          readonly max_image_length?: number;
          /** whether query, key and value have biases */
          readonly qkv_bias?: boolean;
          /** true: the word embeddings are the decoder of the masked-word head, which else has its own */
          readonly tie_word_embeddings?: boolean;
          /** rate of dropout on hidden states, where training.backboneDropout is "config" */
          readonly hidden_dropout_prob?: number;
          /** rate of dropout on attention probabilities, where training.backboneDropout is "config" */
          readonly attention_probs_dropout_prob?: number;
          /** the token that pads, whose word embedding is not learnt; null: there is none; absent: null. A backbone made by a run always takes that of its tokenizer */
          readonly pad_token_id?: number | null;
        }
      | {
          /** The kind of model. */
          readonly model_type: 'clip' | 'chinese_clip';
          /** width of the space that text and picture share */
          readonly projection_dim?: number;
          /** first value of the logarithm of the scale of similarities */
          readonly logit_scale_init_value?: number;
          /** the text tower, defaults first of clip, then of chinese_clip */
          readonly text_config?: {
            /** width of the hidden states; default 512 or 768 */
            readonly hidden_size?: number;
            /** transformer layers; default 12 */
            readonly num_hidden_layers?: number;
            /** attention heads; divides hidden_size; default 8 or 12 */
            readonly num_attention_heads?: number;
            /** width inside the feed-forward part; default 2048 or 3072 */
            readonly intermediate_size?: number;
            /** activation of the feed-forward part; default quick_gelu or gelu */
            readonly hidden_act?:
              | 'gelu'
              | 'gelu_python'
              | 'gelu_10'
              | 'gelu_accurate'
              | 'gelu_fast'
              | 'gelu_new'
              | 'gelu_python_tanh'
              | 'gelu_pytorch_tanh'
              | 'laplace'
              | 'leaky_relu'
              | 'linear'
              | 'mish'
              | 'quick_gelu'
              | 'relu'
              | 'relu2'
              | 'relu6'
              | 'sigmoid'
              | 'silu'
              | 'swish'
              | 'tanh';
            /** added to the variance in LayerNorm; default 0.00001 or 1e-12 */
            readonly layer_norm_eps?: number;
            /** standard deviation of new weights; default 0.02 */
            readonly initializer_range?: number;
            /** tokens of the vocabulary; default 49408 or 30522 */
            readonly vocab_size?: number;
            /** tokens that a text may have; default 77 or 512 */
            readonly max_position_embeddings?: number;
            /** the token at which a text is pooled; 2: the one with the largest id (clip); default 49407 */
            readonly eos_token_id?: number;
            /** segments (chinese_clip); default 2 */
            readonly type_vocab_size?: number;
            /** the token that pads, whose word embedding is not learnt; null: there is none; absent: 0 (chinese_clip). A backbone made by a run always takes that of its tokenizer; default 0 */
            readonly pad_token_id?: number | null;
            /** rate of dropout on hidden states (chinese_clip), where training.backboneDropout is "config"; default 0.1 */
            readonly hidden_dropout_prob?: number;
            /** rate of dropout on attention probabilities (chinese_clip), where training.backboneDropout is "config"; default 0.1 */
            readonly attention_probs_dropout_prob?: number;
            /** rate of dropout on attention probabilities (clip), where training.backboneDropout is "config"; default 0 */
            readonly attention_dropout?: number;
          };
          /** the picture tower; absent: all defaults */
          readonly vision_config?: {
            /** width of the hidden states; default 768 */
            readonly hidden_size?: number;
            /** transformer layers; default 12 */
            readonly num_hidden_layers?: number;
            /** attention heads; divides hidden_size; default 12 */
            readonly num_attention_heads?: number;
            /** width inside the feed-forward part; default 3072 */
            readonly intermediate_size?: number;
            /** activation of the feed-forward part; default quick_gelu */
            readonly hidden_act?:
              | 'gelu'
              | 'gelu_python'
              | 'gelu_10'
              | 'gelu_accurate'
              | 'gelu_fast'
              | 'gelu_new'
              | 'gelu_python_tanh'
              | 'gelu_pytorch_tanh'
              | 'laplace'
              | 'leaky_relu'
              | 'linear'
              | 'mish'
              | 'quick_gelu'
              | 'relu'
              | 'relu2'
              | 'relu6'
              | 'sigmoid'
              | 'silu'
              | 'swish'
              | 'tanh';
            /** added to the variance in LayerNorm; default 0.00001 */
            readonly layer_norm_eps?: number;
            /** standard deviation of new weights; default 0.02 */
            readonly initializer_range?: number;
            /** height and width of a picture in pixels; default 224 */
            readonly image_size?: number;
            /** rate of dropout on attention probabilities, where training.backboneDropout is "config"; default 0 */
            readonly attention_dropout?: number;
            /** height and width of a patch; what is left of a picture belongs to none; default 32 */
            readonly patch_size?: number;
          };
        }
      | {
          /** The kind of model. */
          readonly model_type: 'siglip';
          /** the text tower; absent: all defaults */
          readonly text_config?: {
            /** width of the hidden states */
            readonly hidden_size?: number;
            /** transformer layers */
            readonly num_hidden_layers?: number;
            /** attention heads; divides hidden_size */
            readonly num_attention_heads?: number;
            /** width inside the feed-forward part */
            readonly intermediate_size?: number;
            /** activation of the feed-forward part */
            readonly hidden_act?:
              | 'gelu'
              | 'gelu_python'
              | 'gelu_10'
              | 'gelu_accurate'
              | 'gelu_fast'
              | 'gelu_new'
              | 'gelu_python_tanh'
              | 'gelu_pytorch_tanh'
              | 'laplace'
              | 'leaky_relu'
              | 'linear'
              | 'mish'
              | 'quick_gelu'
              | 'relu'
              | 'relu2'
              | 'relu6'
              | 'sigmoid'
              | 'silu'
              | 'swish'
              | 'tanh';
            /** added to the variance in LayerNorm */
            readonly layer_norm_eps?: number;
            /** standard deviation of new weights */
            readonly initializer_range?: number;
            /** rate of dropout on attention probabilities, where training.backboneDropout is "config" */
            readonly attention_dropout?: number;
            /** tokens of the vocabulary */
            readonly vocab_size?: number;
            /** tokens that a text may have, to which each is padded */
            readonly max_position_embeddings?: number;
            /** width of a text's vector: that of the picture tower; default: hidden_size */
            readonly projection_size?: number | null;
          };
          /** the picture tower; absent: all defaults */
          readonly vision_config?: {
            /** width of the hidden states */
            readonly hidden_size?: number;
            /** transformer layers */
            readonly num_hidden_layers?: number;
            /** attention heads; divides hidden_size */
            readonly num_attention_heads?: number;
            /** width inside the feed-forward part */
            readonly intermediate_size?: number;
            /** activation of the feed-forward part */
            readonly hidden_act?:
              | 'gelu'
              | 'gelu_python'
              | 'gelu_10'
              | 'gelu_accurate'
              | 'gelu_fast'
              | 'gelu_new'
              | 'gelu_python_tanh'
              | 'gelu_pytorch_tanh'
              | 'laplace'
              | 'leaky_relu'
              | 'linear'
              | 'mish'
              | 'quick_gelu'
              | 'relu'
              | 'relu2'
              | 'relu6'
              | 'sigmoid'
              | 'silu'
              | 'swish'
              | 'tanh';
            /** added to the variance in LayerNorm */
            readonly layer_norm_eps?: number;
            /** standard deviation of new weights */
            readonly initializer_range?: number;
            /** rate of dropout on attention probabilities, where training.backboneDropout is "config" */
            readonly attention_dropout?: number;
            /** height and width of a picture in pixels */
            readonly image_size?: number;
            /** height and width of a patch; what is left of a picture belongs to none */
            readonly patch_size?: number;
          };
        };
    /** Of the frozen weights; adapters, optimizer and loss are always f32. int8 stores the weights of linear layers in a quarter of the memory and multiplies as bf16 does. */
    readonly precision?: 'f32' | 'bf16' | 'int8';
  };
  /** What trains besides the head; empty: only the head trains. */
  readonly adapters?: readonly (
    | {
        /** Small bottlenecks inside the layers: strong with few parameters, trains through the backbone. */
        readonly kind: 'bottleneck';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Layers of the backbone that get the adapter: "all", or a list, the first layer being 0. */
        readonly layers?: 'all' | readonly number[];
        /** What the bottleneck reads: the output of the module, or LayerNorm(output + residual) (pfeiffer). */
        readonly variant?: 'houlsby' | 'pfeiffer';
        /** Modules of each layer whose output gets a bottleneck; "auto": both, with pfeiffer the feed-forward part alone. */
        readonly sites?: 'auto' | readonly ('attention' | 'ffn')[];
        /** Width of the bottleneck = hidden size / reductionFactor, rounded down, at least 1. */
        readonly reductionFactor?: number;
        /** Width of the bottleneck; "auto" follows reductionFactor. */
        readonly width?: 'auto' | number;
        /** Function between the two linear layers. */
        readonly activation?: 'gelu' | 'gelu_new' | 'quick_gelu' | 'relu' | 'silu' | 'tanh';
        /** Rate of dropout on the bottleneck, after its activation, while training. */
        readonly dropout?: number;
        /** Factor of what the bottleneck adds; where it is learned, what it starts from. */
        readonly scale?: number;
        /** Whether the factor trains, one for each bottleneck. */
        readonly learnedScale?: boolean;
        /** Whether the LayerNorms of those layers train too. */
        readonly trainLayerNorm?: boolean;
      }
    | {
        /** A bottleneck beside the feed-forward part: strong where there is room for a wide one. */
        readonly kind: 'parallel';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Layers of the backbone that get the adapter: "all", or a list, the first layer being 0. */
        readonly layers?: 'all' | readonly number[];
        /** Modules of each layer that get a bottleneck beside them. */
        readonly sites?: readonly ('attention' | 'ffn')[];
        /** What the bottleneck reads: what the module reads, or what its output is added to; they differ where the backbone normalises first. */
        readonly reads?: 'input' | 'residual';
        /** Width of the bottleneck = hidden size / reductionFactor, rounded down, at least 1. */
        readonly reductionFactor?: number;
        /** Width of the bottleneck; "auto" follows reductionFactor. */
        readonly width?: 'auto' | number;
        /** Function between the two linear layers. */
        readonly activation?: 'gelu' | 'gelu_new' | 'quick_gelu' | 'relu' | 'silu' | 'tanh';
        /** Rate of dropout on the bottleneck, after its activation, while training. */
        readonly dropout?: number;
        /** Factor of what the bottleneck adds; where it is learned, what it starts from. */
        readonly scale?: number;
        /** Whether the factor trains, one for each bottleneck. */
        readonly learnedScale?: boolean;
      }
    | {
        /** Bottlenecks of sums of Kronecker products: far fewer parameters than bottlenecks of the same width. */
        readonly kind: 'compacter';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Layers of the backbone that get the adapter: "all", or a list, the first layer being 0. */
        readonly layers?: 'all' | readonly number[];
        /** What the bottleneck reads: the output of the module, or LayerNorm(output + residual) (pfeiffer). */
        readonly variant?: 'houlsby' | 'pfeiffer';
        /** Modules of each layer whose output gets a bottleneck; ["ffn"] is Compacter++. */
        readonly sites?: readonly ('attention' | 'ffn')[];
        /** Width of the bottleneck = hidden size / reductionFactor, rounded down to a multiple of phmDimension, at least that. */
        readonly reductionFactor?: number;
        /** Width of the bottleneck; "auto" follows reductionFactor. */
        readonly width?: 'auto' | number;
        /** Kronecker products in each sum, n of the paper; it divides hidden size and width. */
        readonly phmDimension?: number;
        /** Rank of the second factor of each product. */
        readonly rank?: number;
        /** Function between the two linear layers. */
        readonly activation?: 'gelu' | 'gelu_new' | 'quick_gelu' | 'relu' | 'silu' | 'tanh';
        /** Rate of dropout on the bottleneck, after its activation, while training. */
        readonly dropout?: number;
      }
    | {
        /** A narrow network beside the backbone: no gradient passes through the backbone. */
        readonly kind: 'shortcut';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Transformer layers of the shortcut block. */
        readonly depth?: number;
        /** Width of the block = hidden size / reductionFactor, rounded down, at least 1. */
        readonly reductionFactor?: number;
        /** Attention heads of its layers; "auto": the most up to the backbone's that divide the width. */
        readonly heads?: 'auto' | number;
        /** Hidden states that the block reads, in order, spread over its layers; hidden.0 is the output of the embeddings, hidden.n that of layer n. */
        readonly reads?: readonly string[];
        /** How the block joins the frozen output: added, or added through a sigmoid gate. */
        readonly fusion?: 'add' | 'gate';
        /** Rate of dropout inside its layers while training. */
        readonly dropout?: number;
      }
    | {
        /** A narrow copy of the layers beside the backbone, reading each of them: no gradient passes through the backbone. */
        readonly kind: 'ladder';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Widths of a rung = the backbone's widths / reductionFactor, rounded down, at least 1. */
        readonly reductionFactor?: number;
        /** Layers of the backbone that get the adapter: "all", or a list, the first layer being 0. */
        readonly layers?: 'all' | readonly number[];
        /** Only each n-th of those layers gets a rung, counted down from the last. */
        readonly every?: number;
        /** How rungs start: from the most important rows of the backbone's matrices, or random. */
        readonly init?: 'pruned' | 'random';
        /** How the ladder joins the frozen output: added, added through a sigmoid gate, or in its place. */
        readonly fusion?: 'add' | 'gate' | 'replace';
        /** Attention heads of its layers; "auto": the most up to the backbone's that divide the width. */
        readonly heads?: 'auto' | number;
        /** Rate of dropout inside its layers while training. */
        readonly dropout?: number;
      }
    | {
        /** Low-rank changes of chosen weights: few parameters, no cost once they are merged. */
        readonly kind: 'lora';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Linear layers by the end of their names: "attention.query", "layers.{0-3}.ffn.*", "text.layers.*.attention.value". */
        readonly sites?: readonly string[];
        /** Rank r of the change of each weight. */
        readonly rank?: number;
        /** The change is multiplied by alpha / rank. */
        readonly alpha?: number;
        /** Other ranks for some of the sites, by patterns: {"layers.{8-11}.attention.value": 16}. */
        readonly rankPattern?: { readonly [key: string]: number };
        /** Other alphas for some of the sites, by patterns. */
        readonly alphaPattern?: { readonly [key: string]: number };
        /** Multiplies by alpha / sqrt(rank) instead, so that high ranks learn as fast (rsLoRA). */
        readonly rankStabilized?: boolean;
        /** Rate of dropout on what the change reads, while training. */
        readonly dropout?: number;
      }
    | {
        /** LoRA on the direction of weights, their magnitude trained apart: closer to full fine-tuning. */
        readonly kind: 'dora';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Linear layers by the end of their names: "attention.query", "layers.{0-3}.ffn.*", "text.layers.*.attention.value". */
        readonly sites?: readonly string[];
        /** Rank r of the change of each weight. */
        readonly rank?: number;
        /** The change is multiplied by alpha / rank. */
        readonly alpha?: number;
        /** Other ranks for some of the sites, by patterns: {"layers.{8-11}.attention.value": 16}. */
        readonly rankPattern?: { readonly [key: string]: number };
        /** Other alphas for some of the sites, by patterns. */
        readonly alphaPattern?: { readonly [key: string]: number };
        /** Multiplies by alpha / sqrt(rank) instead, so that high ranks learn as fast (rsLoRA). */
        readonly rankStabilized?: boolean;
        /** Rate of dropout on what the change reads, while training. */
        readonly dropout?: number;
      }
    | {
        /** Learned factors of keys, values and inner feed-forward channels: the fewest parameters. */
        readonly kind: 'ia3';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Linear layers whose outputs are scaled, by the end of their names. */
        readonly outputs?: readonly string[];
        /** Linear layers of which what they read is scaled, by the end of their names. */
        readonly inputs?: readonly string[];
      }
    | {
        /** A learned scale and shift for each channel of linear layers: few parameters, none once merged. */
        readonly kind: 'ssf';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Linear layers by the end of their names: "attention.query", "layers.{0-3}.ffn.*", "text.layers.*.attention.value". */
        readonly sites?: readonly string[];
      }
    | {
        /** Learned keys and values before those of every attention: few parameters, no new layers. */
        readonly kind: 'prefix';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Learned keys, and as many values, in each layer. */
        readonly length?: number;
        /** Layers of the backbone that get the adapter: "all", or a list, the first layer being 0. */
        readonly layers?: 'all' | readonly number[];
        /** Which of two towers; "both" as well where text and picture share one sequence. */
        readonly stream?: 'both' | 'text' | 'picture';
        /** Width of the hidden layer of a network that makes the prefix while it trains, or "none": the prefix itself trains. */
        readonly reparameterization?: 'none' | number;
        /** Rate of dropout on the prefix while training. */
        readonly dropout?: number;
        /** Whether positions of the text begin after the prefix, as PEFT has it. */
        readonly shiftPositions?: boolean;
      }
    | {
        /** Learned positions in the sequence, before the first layer or each: fewest parameters. */
        readonly kind: 'prompt';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Positions that join the sequence. */
        readonly length?: number;
        /** Of two towers those that get positions; of one sequence the part whose positions see them where text and picture keep apart ("text" or "picture"). */
        readonly part?: 'text' | 'picture' | 'both';
        /** Whether every layer gets new positions in place of those of the layer before. */
        readonly deep?: boolean;
        /** How they start: drawn, or as words of the vocabulary (text, first layer). */
        readonly init?: 'normal' | 'words';
        /** Rate of dropout on the positions as they join, while training. */
        readonly dropout?: number;
      }
    | {
        /** Only the biases of the backbone train: nothing new in the model, about a thousandth of it. */
        readonly kind: 'bitfit';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Layers whose parameters train, the first being 0; "all": those outside the layers too (embeddings, pooler). */
        readonly layers?: 'all' | readonly number[];
        /** Every bias, or of each layer only those of the query and of the first feed-forward layer: half as many. */
        readonly which?: 'all' | 'query-and-intermediate';
      }
    | {
        /** Only the LayerNorms of the backbone train: nothing new in the model, and very little of it. */
        readonly kind: 'layernorm';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Layers whose parameters train, the first being 0; "all": those outside the layers too (embeddings, pooler). */
        readonly layers?: 'all' | readonly number[];
      }
    | {
        /** The last layers of the backbone train, with what follows them: the plain baseline. */
        readonly kind: 'last-layers';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Layers that train, counted from the last; of two towers so many of each. */
        readonly count?: number;
        /** Rate of dropout inside the backbone while training. */
        readonly dropout?: number;
      }
    | {
        /** Trains every parameter of the backbone: pretraining, or the yardstick that adapters are held against. */
        readonly kind: 'full';
        /** Unique in the recipe: letters, digits, dashes and underscores, at most 64. Default: the kind. */
        readonly name?: string;
        /** Folder that it starts from: a run, an adapter folder, or one of PEFT or AdapterHub; its options hold. Absent: it starts new. */
        readonly from?: string;
        /** Rate of dropout inside the backbone while training. */
        readonly dropout?: number;
      }
  )[];
  /** How several adapters meet: each on what the one before gave, or all on the frozen value, their changes added. */
  readonly composition?: 'stack' | 'parallel';
  /** How the trainable parameters are trained. */
  readonly training?: {
    /** Passes over the training set; a part of one is rounded to whole steps, at least one; 0 only evaluates the model as it starts. Default: 5, or maxSteps. */
    readonly epochs?: number;
    /** Updates, instead of epochs; absent: epochs counts. */
    readonly maxSteps?: number;
    /** Examples of a batch. */
    readonly batchSize?: number;
    /** Batches whose gradients are averaged into one update: a larger batch in the same memory. Losses with negatives of their batch see those of each batch alone. */
    readonly accumulate?: number;
    /** How gradients change the trainable parameters. */
    readonly optimizer?:
      | {
          /** AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2). */
          readonly kind: 'adamw';
          /** Largest learning rate, reached at the end of the warm-up. */
          readonly learningRate?: number;
          /** Decay of the mean of gradients. */
          readonly beta1?: number;
          /** Decay of the mean of squared gradients. */
          readonly beta2?: number;
          /** Added to the root of the mean of squared gradients. */
          readonly epsilon?: number;
          /** Weight decay of matrices; biases and LayerNorms have none. */
          readonly weightDecay?: number;
        }
      | {
          /** Stochastic gradient descent with momentum, in PyTorch's form. */
          readonly kind: 'sgd';
          /** Largest learning rate, reached at the end of the warm-up. */
          readonly learningRate?: number;
          /** Share of the earlier update that is kept; 0 is plain gradient descent. */
          readonly momentum?: number;
          /** Weight decay of matrices; biases and LayerNorms have none. */
          readonly weightDecay?: number;
        };
    /** Learning rate over the steps. */
    readonly schedule?: {
      /** What follows the warm-up: linear or cosine down to 0 at the last step, or constant. */
      readonly kind?: 'linear' | 'cosine' | 'constant';
      /** Steps of the warm-up from 0 if at least 1, a share of all steps if below 1. */
      readonly warmup?: number;
    };
    /** Learning rate of the head, as a multiple of the optimizer's. */
    readonly headLearningRateScale?: number;
    /** Largest global norm of the gradients; absent: no clipping. */
    readonly clipNorm?: number;
    /** Steps between evaluations on data.validation. Default: once an epoch. */
    readonly evaluateEvery?: number;
    /** Evaluations without a better metric after which training stops; absent: never. */
    readonly patience?: number;
    /** Steps between checkpoints. Default: at every evaluation. */
    readonly checkpointEvery?: number;
    /** Keeps only the input of each layer for the backward pass, which computes the layer again: less memory, about half as much time again. */
    readonly gradientCheckpointing?: boolean;
    /** Dropout inside the backbone while training, on hidden states and attention probabilities; what lies before the first trainable part is then not stored. Absent: none, the frozen backbone computes as in evaluation. */
    readonly backboneDropout?: 'config' | number;
    /** Makes batches of examples of similar length, which saves padding. */
    readonly bucketByLength?: boolean;
  };
  /** Values of the frozen backbone are computed once, stored and read from then on, also by later runs. */
  readonly cache?: {
    /** auto: where it saves time, and the log says why not; on: wherever it is possible. */
    readonly mode?: 'auto' | 'on' | 'off';
    /** exact: as the backbone computes them; bf16: half the size of those of an f32 backbone. */
    readonly precision?: 'exact' | 'bf16';
    /** Where they are stored, relative to the working directory. Default: a folder in the user's cache (VLGRAFT_CACHE). */
    readonly folder?: string;
    /** Gigabytes that all stored values of that folder may take; those unused for longest are removed. Default: a quarter of the free disk. */
    readonly limit?: number;
  };
  /** Run folder, relative to the working directory. Default: runs/<name>. */
  readonly output?: string;
}

/** What is read. */
interface Data<Split> {
  readonly train: Split;
  readonly validation?: Split;
  readonly test?: Split;
  /** How pictures become regions, for backbones that read regions; absent: the backbone reads pictures whole. */
  readonly regions?:
    | {
        /** each box's pixels, resized and flattened; no detector is needed */
        readonly kind: 'crop-pixels';
        /** Side of a crop in pixels; a feature has 3 x size x size values. */
        readonly size?: number;
        /** Whether the first region is the whole picture. */
        readonly wholePicture?: boolean;
        /** For pictures without boxes: the cells of a grid of this many rows and columns; 0 for none. */
        readonly grid?: number;
        /** Regions of a picture at most, the whole picture counted; the first boxes are kept. */
        readonly maxRegions?: number;
        /** Taken from red, green and blue in [0, 1]. */
        readonly mean?: readonly number[];
        /** Red, green and blue are divided by it after that; with the defaults they lie in [-1, 1]. */
        readonly standardDeviation?: readonly number[];
        /** Memory for crops that are kept from one epoch to the next; 0 keeps none. */
        readonly cacheMegabytes?: number;
      }
    | {
        /** features of a detector, stored by picture id in safetensors, npz or LMDB files */
        readonly kind: 'precomputed';
        /** A .safetensors file (tensors `<id>.features` [n, width], `<id>.boxes` [n, 4]), a folder of `<id>.npz` (arrays features or x, boxes or bbox), or an LMDB file or folder (id -> safetensors bytes). */
        readonly path: string;
        /** Whether boxes x1, y1, x2, y2 lie in [0, 1] or are pixels; then the size comes from a tensor `size` [width, height] of the entry, or from the picture file. */
        readonly boxes?: 'relative' | 'absolute';
        /** Regions of a picture at most; the first are kept. */
        readonly maxRegions?: number;
        /** Memory for features that are kept from one epoch to the next; 0 keeps none. */
        readonly cacheMegabytes?: number;
      };
  /** Longest text in tokens, specials included; what is longer is cut. Default: 64, or what the backbone reads where that is less. */
  readonly maxTextLength?: number;
}

/** What a recipe learns, and from which files. */
type TaskAndData =
  | {
      readonly task: {
        /** visual question answering: an answer from those frequent in training */
        readonly kind: 'vqa';
        /** Training questions that an answer must settle to be kept; 9 is usual for VQA v2. */
        readonly minimumAnswerCount?: number;
        /** Answers kept at most, the most frequent ones. */
        readonly maximumAnswers?: number;
        /** Share dropped before the head's last layer. */
        readonly dropout?: number;
      };
      readonly data: Data<{
        /** Questions file of VQA v2. */
        readonly questions: string;
        /** Annotations file of VQA v2; left out where the answers are not known. */
        readonly annotations?: string;
        /** Folder of the pictures. */
        readonly images: string;
        /** COCO instances file: names, sizes and boxes of the pictures; absent: imageName names them, and they have no boxes. */
        readonly instances?: string;
        /** Names of the picture files without an instances file: {subset} (data_subtype of the questions file), {image_id} and {image_id:012d} are filled in. */
        readonly imageName?: string;
        /** Whether every picture must be there; false where precomputed features are read instead. */
        readonly checkImages?: boolean;
        /** Reads the first questions only; default: all. */
        readonly limit?: number;
        /** Format of the files: vqa-v2, VQA v2's questions and annotations. Default: vqa-v2. */
        readonly format?: 'vqa-v2';
      }>;
    }
  | {
      readonly task: {
        /** natural language for visual reasoning: is a sentence true of two pictures */
        readonly kind: 'nlvr';
        /** How the two pictures meet: pooled outputs side by side, cross-attention between both sequences, or both pictures in one sequence. */
        readonly head?: 'paired' | 'paired-attention' | 'one-sequence';
        /** Share dropped inside the head and before the head's last layer. */
        readonly dropout?: number;
      };
      readonly data: Data<{
        /** JSON lines of NLVR2; the labels may be left out where they are not known. */
        readonly annotations: string;
        /** Folder of the pictures, or of the folders that the lines' directory names. */
        readonly images: string;
        /** COCO instances file: boxes of the pictures by their file names; absent: pictures have no boxes. */
        readonly instances?: string;
        /** Whether every picture must be there; false where precomputed features are read instead. */
        readonly checkImages?: boolean;
        /** Reads the first lines only; default: all. */
        readonly limit?: number;
        /** Format of the files: nlvr2, NLVR2's JSON lines. Default: nlvr2. */
        readonly format?: 'nlvr2';
      }>;
    }
  | {
      readonly task: {
        /** referring expressions: which box of a picture is meant */
        readonly kind: 'grounding';
        /** A choice among the candidates (UNITER), or each candidate right or wrong at an overlap of more than half (VL-BERT). */
        readonly loss?: 'cross-entropy' | 'binary';
        /** Share dropped before the head's last layer. */
        readonly dropout?: number;
      };
      readonly data: Data<{
        /** REFER's refs as JSON: a list of {ref_id, ann_id, image_id, split, sentences}. */
        readonly refs: string;
        /** COCO instances file: the boxes that are referred to, and the candidates. */
        readonly instances: string;
        /** Folder of the pictures. */
        readonly images: string;
        /** Which refs of the file are read; default: all. */
        readonly split?: 'train' | 'val' | 'test' | 'testA' | 'testB';
        /** Boxes of a detector as candidates; absent: those of the dataset. */
        readonly detections?: {
          /** COCO results: a list of {image_id, bbox, score}. */
          readonly file: string;
          /** How the boxes of the file are written. */
          readonly boxes?: {
            /** Pixels, or shares of the picture's width and height. */
            readonly space?: 'absolute' | 'relative';
            /** Left, top, then width and height, or right and bottom. */
            readonly layout?: 'xywh' | 'xyxy';
          };
          /** Boxes with a lower score are left out. */
          readonly minimumScore?: number;
        };
        /** Whether every picture must be there; false where precomputed features are read instead. */
        readonly checkImages?: boolean;
        /** Reads the first refs only; default: all. */
        readonly limit?: number;
        /** Format of the files: refcoco, RefCOCO's refs with COCO instances. Default: refcoco. */
        readonly format?: 'refcoco';
      }>;
    }
  | {
      readonly task: {
        /** region-to-phrase grounding: which boxes each phrase of a caption names */
        readonly kind: 'phrase-grounding';
        /** What a box must overlap: any box of the phrase, or the smallest one around all of them; in training and in the metric. */
        readonly protocol?: 'any' | 'merged';
      };
      readonly data: Data<{
        /** A picture's id a line: train.txt, val.txt or test.txt. */
        readonly ids: string;
        /** Folder with Annotations and Sentences, as annotations.zip unpacks. */
        readonly annotations: string;
        /** Folder of the pictures. */
        readonly images: string;
        /** Boxes of a detector as candidates; absent: those of the dataset. */
        readonly detections?: {
          /** COCO results: a list of {image_id, bbox, score}. */
          readonly file: string;
          /** How the boxes of the file are written. */
          readonly boxes?: {
            /** Pixels, or shares of the picture's width and height. */
            readonly space?: 'absolute' | 'relative';
            /** Left, top, then width and height, or right and bottom. */
            readonly layout?: 'xywh' | 'xyxy';
          };
          /** Boxes with a lower score are left out. */
          readonly minimumScore?: number;
        };
        /** Whether every picture must be there; false where precomputed features are read instead. */
        readonly checkImages?: boolean;
        /** Reads the first pictures only; default: all. */
        readonly limit?: number;
        /** Format of the files: flickr30k-entities, Flickr30k Entities' sentences and annotations. Default: flickr30k-entities. */
        readonly format?: 'flickr30k-entities';
      }>;
    }
  | {
      readonly task: {
        /** retrieval: captions for pictures, and pictures for captions */
        readonly kind: 'retrieval';
        /** What ranks: vectors of texts and pictures, each encoded once; the matching score of every pair; or vectors first and the matching score for the best of them. Two towers have vectors alone. */
        readonly score?: 'contrastive' | 'matching' | 'rerank';
        /** With `rerank`: candidates of a query whose matching score is asked for. */
        readonly rerankTop?: number;
        /** Cosine of two vectors, or FILIP's mean of each token's best cosine, for two towers; that keeps every token of the split in memory while it is evaluated. */
        readonly similarity?: 'vectors' | 'tokenwise';
        /** Width of new vectors, where the backbone brings no projections of its own. */
        readonly projection?: number;
        /** Of the matching score: right or wrong, a margin of 0.2 to the hardest negative, or circle loss. */
        readonly loss?: 'cross-entropy' | 'triplet' | 'circle';
        /** Wrong captions for each picture in matching: of the batch, drawn among those that share most words with the right one. */
        readonly negatives?: number;
        /** Factor of the contrastive loss. */
        readonly contrastiveWeight?: number;
        /** Factor of the matching loss. */
        readonly matchingWeight?: number;
      };
      readonly data: Data<
        | {
            /** Karpathy's JSON of Flickr30k or COCO: {images: [{filename, split, sentences}]}. */
            readonly annotations: string;
            /** Folder of the pictures, or of the folders that the entries' filepath names. */
            readonly images: string;
            /** Which pictures of the file are read; default: all. */
            readonly split?: 'train' | 'val' | 'test';
            /** Whether COCO's restval belongs to train, as most papers have it. */
            readonly restval?: boolean;
            /** COCO instances file: boxes of the pictures by their file names; absent: pictures have no boxes. */
            readonly instances?: string;
            /** Whether every picture must be there; false where precomputed features are read instead. */
            readonly checkImages?: boolean;
            /** Reads the first pictures of the split only; default: all. */
            readonly limit?: number;
            /** Format of the files: karpathy, Karpathy's files of Flickr30k and COCO; or coco-captions, COCO's captions. Default: karpathy. */
            readonly format?: 'karpathy';
          }
        | {
            /** COCO captions file. */
            readonly captions: string;
            /** Folder of the pictures. */
            readonly images: string;
            /** COCO instances file: boxes of the pictures; left out where regions come from elsewhere. */
            readonly instances?: string;
            /** Whether every picture must be there; false where precomputed features are read instead. */
            readonly checkImages?: boolean;
            /** Format of the files: karpathy, Karpathy's files of Flickr30k and COCO; or coco-captions, COCO's captions. Default: karpathy. */
            readonly format: 'coco-captions';
          }
      >;
    }
  | {
      readonly task: {
        /** visual commonsense reasoning: which answer, and which reason */
        readonly kind: 'vcr';
        /** Answers to questions, reasons for the right answers, or both with a head each. */
        readonly subtask?: 'answer' | 'rationale' | 'both';
        /** Share of the pooled output dropped before the last layer. */
        readonly dropout?: number;
        /** Whether evaluation scores the reasons for every answer, as the leaderboard's file asks; two and a half times the work. */
        readonly submission?: boolean;
      };
      readonly data: Data<{
        /** JSON lines of VCR 1.0; the labels may be left out where they are not known. */
        readonly annotations: string;
        /** Folder of the pictures and of their metadata files (vcr1images). */
        readonly images: string;
        /** Whether every picture must be there; false where precomputed features are read instead. */
        readonly checkImages?: boolean;
        /** Reads the first lines only; default: all. */
        readonly limit?: number;
        /** Format of the files: vcr, VCR's JSON lines. Default: vcr. */
        readonly format?: 'vcr';
      }>;
    }
  | {
      readonly task: {
        /** pretraining on captioned pictures: masked words, matching, pair-wise contrast */
        readonly kind: 'pretrain';
        /** What is learnt; an objective that is left out is not learnt. */
        readonly objectives?: {
          /** Masked language modelling with the picture in view, on matched pairs. */
          readonly mlm?: {
            /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
            readonly weight?: number;
            /** Share of the tokens to be predicted; at least one a caption. */
            readonly maskProbability?: number;
          };
          /** CAVL's pair-wise contrastive loss of pictures and their captions, encoded apart. */
          readonly pwcl?: {
            /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
            readonly weight?: number;
            /** Divides the cosines, in the form `exp`. Small ones (0.2 and below) let one pair carry the whole sum: the others are not learnt. */
            readonly temperature?: number;
            /** exp(cosine / temperature), or the formula as printed in the paper, which can be undefined. */
            readonly form?: 'exp' | 'literal';
            /** Width of the vectors that are compared. */
            readonly projection?: number;
          };
          /** Symmetric InfoNCE of pictures and their captions, encoded apart: each picks its own among those of the batch. Takes the place of `pwcl`. */
          readonly contrastive?: {
            /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
            readonly weight?: number;
            /** Divides the cosines. */
            readonly temperature?: number;
            /** Width of the vectors that are compared. */
            readonly projection?: number;
          };
          /** ALBEF's contrast of pictures and their captions, encoded apart: each picks its own among those that the teacher saw, of this batch and of earlier ones. Takes the place of `contrastive`. */
          readonly 'momentum-contrast'?: {
            /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
            readonly weight?: number;
            /** Divides the cosines; it is learnt from here on. */
            readonly temperature?: number;
            /** Earlier captions and pictures to choose from; fewer than the training set has, or its own are among the wrong ones. ALBEF: 65536. */
            readonly queue?: number;
            /** Share of the target that is what the teacher finds; the rest are the right ones. */
            readonly soft?: number;
            /** Batches over which that share grows from 0. ALBEF: those of the first epoch. */
            readonly softAfter?: number;
            /** Width of the vectors that are compared. */
            readonly projection?: number;
          };
          /** Does the caption belong to the picture? Half of the captions are swapped. */
          readonly matching?: {
            /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
            readonly weight?: number;
            /** Share of the swapped captions that are the right ones but for the name of one thing, which the picture lacks; needs categories with names. */
            readonly foils?: number;
          };
          /** What does a region show? Needs the categories of the instances file; for backbones that read pixels instead of a detector's features. */
          readonly regions?: {
            /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
            readonly weight?: number;
            /** Predict the category's name through the word embeddings, so that words and regions meet (names of one token count), or its number through a classifier. */
            readonly labels?: 'words' | 'classes';
            /** After which layer it must be known; an early one leaves the later layers to connect words with regions. */
            readonly layer?: number;
            /** Whether crops of boxes are mirrored, moved and recoloured in training; for regions of the kind crop-pixels. */
            readonly augment?: boolean;
          };
        };
        /** mix: every step learns all of them, their losses weighted and added. draw: every step learns one, drawn by weight. */
        readonly combine?: 'mix' | 'draw';
        /** Who teaches the objectives that learn from a teacher. Absent: `averaged`, where there are any. */
        readonly teacher?:
          | {
              /** A running average of everything that trains (He et al. 2020, MoCo). */
              readonly kind: 'averaged';
              /** How much of the average stays at each step. */
              readonly momentum?: number;
            }
          | {
              /** The model of a finished run, which does not change. */
              readonly kind: 'run';
              /** Its run folder. */
              readonly from: string;
            };
      };
      readonly data: Data<{
        /** COCO captions file. */
        readonly captions: string;
        /** Folder of the pictures. */
        readonly images: string;
        /** COCO instances file: boxes of the pictures; left out where regions come from elsewhere. */
        readonly instances?: string;
        /** Whether every picture must be there; false where precomputed features are read instead. */
        readonly checkImages?: boolean;
        /** Format of the files: coco-captions, COCO's captions. Default: coco-captions. */
        readonly format?: 'coco-captions';
      }>;
    }
  | {
      readonly task: {
        /** several tasks at once: one backbone and the same adapters, a head each */
        readonly kind: 'multi';
        /** Name -> task with its options; data.train, .validation and .test have files by these names. */
        readonly tasks: {
          readonly [key: string]:
            | {
                /** visual question answering: an answer from those frequent in training */
                readonly kind: 'vqa';
                /** Training questions that an answer must settle to be kept; 9 is usual for VQA v2. */
                readonly minimumAnswerCount?: number;
                /** Answers kept at most, the most frequent ones. */
                readonly maximumAnswers?: number;
                /** Share dropped before the head's last layer. */
                readonly dropout?: number;
              }
            | {
                /** natural language for visual reasoning: is a sentence true of two pictures */
                readonly kind: 'nlvr';
                /** How the two pictures meet: pooled outputs side by side, cross-attention between both sequences, or both pictures in one sequence. */
                readonly head?: 'paired' | 'paired-attention' | 'one-sequence';
                /** Share dropped inside the head and before the head's last layer. */
                readonly dropout?: number;
              }
            | {
                /** referring expressions: which box of a picture is meant */
                readonly kind: 'grounding';
                /** A choice among the candidates (UNITER), or each candidate right or wrong at an overlap of more than half (VL-BERT). */
                readonly loss?: 'cross-entropy' | 'binary';
                /** Share dropped before the head's last layer. */
                readonly dropout?: number;
              }
            | {
                /** region-to-phrase grounding: which boxes each phrase of a caption names */
                readonly kind: 'phrase-grounding';
                /** What a box must overlap: any box of the phrase, or the smallest one around all of them; in training and in the metric. */
                readonly protocol?: 'any' | 'merged';
              }
            | {
                /** retrieval: captions for pictures, and pictures for captions */
                readonly kind: 'retrieval';
                /** What ranks: vectors of texts and pictures, each encoded once; the matching score of every pair; or vectors first and the matching score for the best of them. Two towers have vectors alone. */
                readonly score?: 'contrastive' | 'matching' | 'rerank';
                /** With `rerank`: candidates of a query whose matching score is asked for. */
                readonly rerankTop?: number;
                /** Cosine of two vectors, or FILIP's mean of each token's best cosine, for two towers; that keeps every token of the split in memory while it is evaluated. */
                readonly similarity?: 'vectors' | 'tokenwise';
                /** Width of new vectors, where the backbone brings no projections of its own. */
                readonly projection?: number;
                /** Of the matching score: right or wrong, a margin of 0.2 to the hardest negative, or circle loss. */
                readonly loss?: 'cross-entropy' | 'triplet' | 'circle';
                /** Wrong captions for each picture in matching: of the batch, drawn among those that share most words with the right one. */
                readonly negatives?: number;
                /** Factor of the contrastive loss. */
                readonly contrastiveWeight?: number;
                /** Factor of the matching loss. */
                readonly matchingWeight?: number;
              }
            | {
                /** visual commonsense reasoning: which answer, and which reason */
                readonly kind: 'vcr';
                /** Answers to questions, reasons for the right answers, or both with a head each. */
                readonly subtask?: 'answer' | 'rationale' | 'both';
                /** Share of the pooled output dropped before the last layer. */
                readonly dropout?: number;
                /** Whether evaluation scores the reasons for every answer, as the leaderboard's file asks; two and a half times the work. */
                readonly submission?: boolean;
              }
            | {
                /** pretraining on captioned pictures: masked words, matching, pair-wise contrast */
                readonly kind: 'pretrain';
                /** What is learnt; an objective that is left out is not learnt. */
                readonly objectives?: {
                  /** Masked language modelling with the picture in view, on matched pairs. */
                  readonly mlm?: {
                    /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
                    readonly weight?: number;
                    /** Share of the tokens to be predicted; at least one a caption. */
                    readonly maskProbability?: number;
                  };
                  /** CAVL's pair-wise contrastive loss of pictures and their captions, encoded apart. */
                  readonly pwcl?: {
                    /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
                    readonly weight?: number;
                    /** Divides the cosines, in the form `exp`. Small ones (0.2 and below) let one pair carry the whole sum: the others are not learnt. */
                    readonly temperature?: number;
                    /** exp(cosine / temperature), or the formula as printed in the paper, which can be undefined. */
                    readonly form?: 'exp' | 'literal';
                    /** Width of the vectors that are compared. */
                    readonly projection?: number;
                  };
                  /** Symmetric InfoNCE of pictures and their captions, encoded apart: each picks its own among those of the batch. Takes the place of `pwcl`. */
                  readonly contrastive?: {
                    /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
                    readonly weight?: number;
                    /** Divides the cosines. */
                    readonly temperature?: number;
                    /** Width of the vectors that are compared. */
                    readonly projection?: number;
                  };
                  /** ALBEF's contrast of pictures and their captions, encoded apart: each picks its own among those that the teacher saw, of this batch and of earlier ones. Takes the place of `contrastive`. */
                  readonly 'momentum-contrast'?: {
                    /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
                    readonly weight?: number;
                    /** Divides the cosines; it is learnt from here on. */
                    readonly temperature?: number;
                    /** Earlier captions and pictures to choose from; fewer than the training set has, or its own are among the wrong ones. ALBEF: 65536. */
                    readonly queue?: number;
                    /** Share of the target that is what the teacher finds; the rest are the right ones. */
                    readonly soft?: number;
                    /** Batches over which that share grows from 0. ALBEF: those of the first epoch. */
                    readonly softAfter?: number;
                    /** Width of the vectors that are compared. */
                    readonly projection?: number;
                  };
                  /** Does the caption belong to the picture? Half of the captions are swapped. */
                  readonly matching?: {
                    /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
                    readonly weight?: number;
                    /** Share of the swapped captions that are the right ones but for the name of one thing, which the picture lacks; needs categories with names. */
                    readonly foils?: number;
                  };
                  /** What does a region show? Needs the categories of the instances file; for backbones that read pixels instead of a detector's features. */
                  readonly regions?: {
                    /** Factor of this objective in the loss, or its share of the steps where one is drawn for each. */
                    readonly weight?: number;
                    /** Predict the category's name through the word embeddings, so that words and regions meet (names of one token count), or its number through a classifier. */
                    readonly labels?: 'words' | 'classes';
                    /** After which layer it must be known; an early one leaves the later layers to connect words with regions. */
                    readonly layer?: number;
                    /** Whether crops of boxes are mirrored, moved and recoloured in training; for regions of the kind crop-pixels. */
                    readonly augment?: boolean;
                  };
                };
                /** mix: every step learns all of them, their losses weighted and added. draw: every step learns one, drawn by weight. */
                readonly combine?: 'mix' | 'draw';
                /** Who teaches the objectives that learn from a teacher. Absent: `averaged`, where there are any. */
                readonly teacher?:
                  | {
                      /** A running average of everything that trains (He et al. 2020, MoCo). */
                      readonly kind: 'averaged';
                      /** How much of the average stays at each step. */
                      readonly momentum?: number;
                    }
                  | {
                      /** The model of a finished run, which does not change. */
                      readonly kind: 'run';
                      /** Its run folder. */
                      readonly from: string;
                    };
              };
        };
        /** How often batches of each task come: `size`, `temperature` or `weights`. */
        readonly mixing?:
          | {
              /** Every example once an epoch: a task has batches as it has examples. */
              readonly kind: 'size';
            }
          | {
              /** Shares of the batches go with examples^(1 / temperature) (Raffel et al. 2020, section 3.5.2). */
              readonly kind: 'temperature';
              /** 1 mixes by size; the larger, the more alike the tasks are. */
              readonly temperature?: number;
            }
          | {
              /** Shares of the batches go with given weights. */
              readonly kind: 'weights';
              /** Name of each task -> its weight. */
              readonly weights: { readonly [key: string]: number };
            };
        /** Name of a task -> factor of its loss; 1 for those that are left out. */
        readonly lossWeights?: { readonly [key: string]: number };
      };
      readonly data: Data<{ readonly [key: string]: { readonly [key: string]: Json } }>;
    };

/** A recipe as it is written, of what this package has: what is left out takes its default. */
export type RecipeInput = RecipeBase & TaskAndData;
