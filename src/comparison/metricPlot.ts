/** One axis of a plot. */
export interface PlotAxis {
  readonly title: string;
  readonly kind: 'linear' | 'log' | 'category';
  /** How numbers are written (d3-format); default: as they are. */
  readonly format?: string;
}

export interface PlotPoint {
  /** A number, or the name of a category. */
  readonly x: number | string;
  readonly y: number;
  /** Half the length of the bar through the point. */
  readonly deviation?: number;
  readonly label?: string;
  /** Points of one group share a colour, and a line where lines are drawn. */
  readonly group?: string;
}

/** A value against a cost or a setting. */
export interface MetricPlot {
  readonly title: string;
  readonly subtitle: string;
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly points: readonly PlotPoint[];
  readonly lines?: boolean;
  /** What the colours tell apart; absent: there are no groups. */
  readonly groupTitle?: string;
  /** Value of a dashed line across the plot. */
  readonly reference?: number;
}
